"""From a task to an image, and from an image to a PNG file."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from faafo.fractal.escape import escape_counts
from faafo.fractal.generate import with_constant
from faafo.fractal.task import FractalTask


def render(task: FractalTask, cancelled: Callable[[], bool] = lambda: False) -> Image.Image:
    """Return the image of ``task``, with a palette (mode P)."""
    counts = escape_counts(with_constant(task), cancelled)
    image = Image.fromarray((counts % 32).astype(np.uint8), "P")
    image.putpalette([v for i in range(32) for v in (i % 8 * 32, i % 16 * 16, i * 8)])
    return image


def encode(image: Image.Image) -> bytes:
    """Return ``image`` as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
