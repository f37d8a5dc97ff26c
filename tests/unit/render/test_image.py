# SPDX-License-Identifier: Apache-2.0
"""From a task to the bytes of a PNG file."""

import io
import math

import pytest
from PIL import Image

from faafo import errors
from faafo.fractal.generate import with_constant
from faafo.fractal.palette import colours
from faafo.fractal.task import FractalTask
from faafo.render.escape import escape_counts
from faafo.render.image import encode, render
from tests.plain_loop import plain_pixels

VALUES = {
    "uuid": "5b3f1a52-9d1c-4d8e-8f4e-0c7a5a3a9b11",
    "width": 31,
    "height": 17,
    "iterations": 90,
    "xa": -1.6,
    "xb": 1.6,
    "ya": -1.1,
    "yb": 1.1,
}


def test_a_png_file_has_the_pixels_of_the_plain_loop():
    task = with_constant(FractalTask(**VALUES))
    image = Image.open(io.BytesIO(encode(render(task))))
    assert (image.mode, image.size, image.format) == ("P", (31, 17), "PNG")
    flat = [value for row in plain_pixels(task) for pixel in row for value in pixel]
    assert image.convert("RGB").tobytes() == bytes(flat)


def test_the_same_task_gives_the_same_bytes():
    task = FractalTask(**VALUES)
    assert encode(render(task)) == encode(render(task))


def test_a_task_without_c_gets_the_one_that_its_uuid_seeds():
    task = FractalTask(**VALUES)
    assert encode(render(task)) == encode(render(with_constant(task)))


def test_a_cancelled_render_has_no_image():
    with pytest.raises(errors.RenderCancelled):
        render(FractalTask(**VALUES), lambda: True)


def test_a_palette_changes_the_colours_and_not_the_form():
    counts = escape_counts(with_constant(FractalTask(**VALUES)))
    image = Image.open(io.BytesIO(encode(render(FractalTask(**VALUES, palette="ember")))))
    assert image.mode == "P"
    ember = colours("ember")
    pixels = image.convert("RGB").tobytes()
    for number, count in enumerate(counts.flat):
        index = 0 if count == VALUES["iterations"] - 1 else 1 + math.isqrt(256 * int(count)) % 255
        assert tuple(pixels[3 * number : 3 * number + 3]) == ember[index]
