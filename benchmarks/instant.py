# SPDX-License-Identifier: Apache-2.0
"""Starts a worker whose kernel returns at once, to measure the control path without rendering.

``launch.py benchmarks.instant --config-file worker.conf``
"""

from typing import Any

from PIL import Image

from faafo.cmd import worker
from faafo.render import image

PIXEL = Image.new("P", (1, 1))
PNG = image.encode(PIXEL)


def _render(*_arguments: Any) -> Image.Image:
    return PIXEL


def _encode(*_arguments: Any) -> bytes:
    return PNG


def main() -> int:
    """Work as ``faafo-worker`` does, with the same tiny picture for every task."""
    image.render, image.encode = _render, _encode
    return worker.main()
