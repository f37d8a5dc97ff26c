# SPDX-License-Identifier: Apache-2.0
"""Runs a module without its kernel, to measure everything else: a render is a pause.

``launch.py benchmarks.paused 0.05 faafo.cmd.worker --config-file worker.conf`` works as
``faafo-worker`` does, with the same tiny picture 50 ms after the begin of each task.
"""

import importlib
import sys
import threading
from typing import Any

from PIL import Image

from faafo.render import image

PIXEL = Image.new("P", (1, 1))
PNG = image.encode(PIXEL)


def _encode(*_arguments: Any) -> bytes:
    return PNG


def main() -> int:
    """Run the module that the second argument names; the first is the pause in seconds."""
    seconds, module = float(sys.argv.pop(1)), sys.argv.pop(1)
    return run(seconds, module)


def run(seconds: float, module: str) -> int:
    """Run ``main`` of a module, in which each render is a pause of ``seconds``."""
    never = threading.Event()

    def render(*_arguments: Any, **_named: Any) -> Image.Image:
        if seconds:
            never.wait(seconds)
        return PIXEL

    image.render, image.encode = render, _encode
    return importlib.import_module(module).main()
