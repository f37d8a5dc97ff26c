# SPDX-License-Identifier: Apache-2.0
"""From a task to an image, and from an image to a PNG file."""

import io
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faafo.fractal.drawing import Colouring, Drawing
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

    With smooth colouring, or more than one sample, it has no palette (mode RGB). Of a band of a
    picture it is the rows of that, the same ones as of the whole picture. The uuid seeds the
    c of a task without one. The memory needed is one byte a pixel, or four, since escape counts
    are turned into colours band by band.

    :param cancelled: called periodically; the render stops when it returns True.
    :param progress: called periodically with the number of rows begun.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    task = with_constant(task)
    bands = escape_bands(task, cancelled, progress)
    if is_in_rgb(task):
        return _in_rgb(task, bands)
    pixels = np.empty((task.band.rows, task.width), np.uint8)
    for band in bands:
        row = band.first_row
        pixels[row : row + len(band.counts)] = colour_indexes(band.counts, task, task.iterations)
    image = Image.fromarray(pixels)
    image.putpalette(flat_palette(task))
    return image


def is_in_rgb(task: FractalTask) -> bool:
    """Return whether the image of ``task`` has no palette."""
    return task.colouring == Colouring.SMOOTH or task.samples > 1


def flat_palette(task: FractalTask) -> list[int]:
    """Return the components of the palette of an image that has one, at most 768."""
    return [component for colour in band_colours(task) for component in colour]


def _in_rgb(task: FractalTask, bands: Iterator[Band]) -> Image.Image:
    table, encode_table = _light(task.palette, task.inside, task.colouring), light.encoded()
    image = Image.new("RGB", (task.width, task.band.rows))
    for band in bands:
        pixels = np.empty((len(band.counts) // task.samples, task.width, 3), np.uint8)
        light.blend(_light_indexes(task, band), table, encode_table, pixels)
        image.paste(Image.fromarray(pixels), (0, band.first_row))
    return image


@lru_cache(maxsize=16)
def _light(palette: str, inside: str | None, colouring: str) -> NDArray[np.int64]:
    """Return the table of packed light; it takes a millisecond."""
    drawing = Drawing(palette=palette, inside=inside)
    if colouring == Colouring.SMOOTH:
        return light.smooth_table(*smooth_colours(drawing))
    return light.packed(band_colours(drawing))


def _light_indexes(task: FractalTask, band: Band) -> NDArray[np.uint16]:
    if task.colouring != Colouring.SMOOTH:
        return colour_indexes(band.counts, task, task.iterations).astype(np.uint16)
    counts = fractional_counts(task, band)
    indexes = np.empty(counts.shape, np.uint16)
    light.smooth_indexes(counts.reshape(-1), indexes.reshape(-1), *smooth_scale(task), task.offset)
    return indexes


def encode(image: Image.Image) -> bytes:
    """Return ``image`` as a PNG file; the same image always gives the same bytes."""
    if image.mode == "RGB":
        return png.encode(image)
    buffer = io.BytesIO()
    # Bands of one colour suit run-length encoding: a third of the time of zlib's default strategy,
    # for a sixth more bytes (benchmarks/picture.py measures it).
    image.save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()
