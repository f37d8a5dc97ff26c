# SPDX-License-Identifier: Apache-2.0
"""From a task to an image, and from an image to a PNG file."""

import io
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from faafo.fractal import palette
from faafo.fractal.generate import with_constant
from faafo.fractal.task import FractalTask
from faafo.render.colouring import colour_indexes
from faafo.render.escape import escape_bands, ignore, never


def render(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> Image.Image:
    """Return the image of ``task``: width x height pixels with a palette (mode P).

    The uuid seeds the c of a task without one. The memory needed is one byte a pixel, since escape
    counts are turned into colours band by band.

    :param cancelled: called periodically; the render stops when it returns True.
    :param progress: called periodically with the number of rows begun.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    pixels = np.empty((task.height, task.width), np.uint8)
    for row, counts in escape_bands(with_constant(task), cancelled, progress):
        pixels[row : row + len(counts)] = colour_indexes(counts, task.palette, task.iterations)
    image = Image.fromarray(pixels)
    image.putpalette(palette.flat(task.palette))
    return image


def encode(image: Image.Image) -> bytes:
    """Return ``image`` as a PNG file; the same image always gives the same bytes."""
    buffer = io.BytesIO()
    # Bands of one colour suit run-length encoding: a third of the time of zlib's default strategy,
    # for a sixth more bytes (benchmarks/picture.py measures it).
    image.save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()
