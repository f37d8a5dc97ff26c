# SPDX-License-Identifier: Apache-2.0
"""Starts a command of faafo whose render kills the process for a certain number of iterations.

``python poisoned.py faafo.cmd.worker --config-file worker.conf``
"""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from faafo.render import image

# Fewer than any other fractal of the suite has.
POISON = 13


def _poisoned(render: Callable) -> Callable:
    def render_or_die(task: Any, *arguments: Any) -> Any:
        if task.iterations == POISON:
            os._exit(1)
        return render(task, *arguments)

    return render_or_die


if __name__ == "__main__":
    image.render = _poisoned(image.render)
    sys.exit(importlib.import_module(sys.argv.pop(1)).main())
