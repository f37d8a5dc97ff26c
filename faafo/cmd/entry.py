# SPDX-License-Identifier: Apache-2.0
"""The console scripts: they load a command when there is something for it to do.

All that a service consists of takes a second to load. To ask for its version needs none of it.
"""

import importlib
import sys
from importlib import metadata


def api() -> int:
    """``faafo-api``."""
    return _start("faafo.cmd.api")


def producer() -> int:
    """``faafo-producer``."""
    return _start("faafo.cmd.producer")


def worker() -> int:
    """``faafo-worker``."""
    return _start("faafo.cmd.worker")


def all_in_one() -> int:
    """``faafo-all``."""
    return _start("faafo.cmd.all")


def manage() -> int:
    """``faafo-manage``."""
    return _start("faafo.cmd.manage")


def _start(command: str) -> int:
    if sys.argv[1:] == ["--version"]:
        print(metadata.version("faafo"))
        return 0
    return importlib.import_module(command).main()
