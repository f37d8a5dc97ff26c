# SPDX-License-Identifier: Apache-2.0
"""From a task to an image, and from an image to a PNG file."""

import io
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faafo.fractal.drawing import Colouring
from faafo.fractal.generate import with_constant
from faafo.fractal.task import FractalTask
from faafo.render import light, png
from faafo.render.colouring import band_colours, colour_indexes, smooth_colours, smooth_scale
from faafo.render.escape import Band, escape_bands, ignore, never
from faafo.render.fraction import fractional_counts


def render(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> Image.Image:
    """Return the image of ``task``: width x height pixels with a palette (mode P).

    With smooth colouring, or more than one sample, it has no palette (mode RGB). The uuid seeds the
    c of a task without one. The memory needed is one byte a pixel, or three, since escape counts
    are turned into colours band by band.

    :param cancelled: called periodically; the render stops when it returns True.
    :param progress: called periodically with the number of rows begun.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    task = with_constant(task)
    bands = escape_bands(task, cancelled, progress)
    if task.colouring == Colouring.SMOOTH or task.samples > 1:
        return _in_rgb(task, bands)
    pixels = np.empty((task.height, task.width), np.uint8)
    for band in bands:
        row = band.first_row
        pixels[row : row + len(band.counts)] = colour_indexes(band.counts, task, task.iterations)
    image = Image.fromarray(pixels)
    image.putpalette([component for colour in band_colours(task) for component in colour])
    return image


def _in_rgb(task: FractalTask, bands: Iterator[Band]) -> Image.Image:
    is_smooth = task.colouring == Colouring.SMOOTH
    table = (
        light.smooth_table(*smooth_colours(task)) if is_smooth else light.packed(band_colours(task))
    )
    encode = light.encoded()
    pixels = np.empty((task.height, task.width, 3), np.uint8)
    for band in bands:
        indexes = (
            _smooth_indexes(task, band)
            if is_smooth
            else colour_indexes(band.counts, task, task.iterations).astype(np.int32)
        )
        rows = len(indexes) // task.samples
        light.blend(indexes, table, encode, pixels[band.first_row : band.first_row + rows])
    return Image.fromarray(pixels)


def _smooth_indexes(task: FractalTask, band: Band) -> NDArray[np.int32]:
    counts = fractional_counts(task, band)
    indexes = np.empty(counts.shape, np.int32)
    light.smooth_indexes(counts.reshape(-1), indexes.reshape(-1), *smooth_scale(task), task.offset)
    return indexes


def encode(image: Image.Image) -> bytes:
    """Return ``image`` as a PNG file; the same image always gives the same bytes."""
    if image.mode == "RGB":
        return png.encode(np.asarray(image))
    buffer = io.BytesIO()
    # Bands of one colour suit run-length encoding: a third of the time of zlib's default strategy,
    # for a sixth more bytes (benchmarks/picture.py measures it).
    image.save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()
