# SPDX-License-Identifier: Apache-2.0
"""Starts a command of faafo that cannot start a thread while the file ``no-threads`` exists.

``python threadless.py faafo.cmd.worker --config-file worker.conf``; the file is looked for in the
working directory. It stands for the limit of processes, which root does not have.
"""

import importlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAG = "no-threads"


def _limited(start: Callable) -> Callable:
    def start_or_fail(*arguments: Any, **named: Any) -> Any:
        if Path(FLAG).exists():
            raise RuntimeError("can't start new thread")
        return start(*arguments, **named)

    return start_or_fail


if __name__ == "__main__":
    # Its name depends on the version of Python.
    for name in ("_start_new_thread", "_start_joinable_thread"):
        if hasattr(threading, name):
            setattr(threading, name, _limited(getattr(threading, name)))
    sys.exit(importlib.import_module(sys.argv.pop(1)).main())
