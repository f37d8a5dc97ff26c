# SPDX-License-Identifier: Apache-2.0
"""The parameters of a fractal in its own PNG file."""

import io
import json

import pytest
from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.fractal.embedded import KEYWORD, embed, extract
from faafo.render.image import encode, render


def with_text(text, keyword=KEYWORD):
    """Return a PNG file to which Pillow has added ``text``."""
    info = PngImagePlugin.PngInfo()
    info.add_text(keyword, text)
    buffer = io.BytesIO()
    Image.new("P", (1, 1)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_embedded_parameters_are_extracted_to_the_last_digit(make_task):
    task = make_task(cx=0.1 + 0.2, cy=-1e-17, xa=-1 / 3, palette="ember")
    assert extract(embed(encode(render(task)), task)) == task


def test_the_picture_stays_the_same_and_so_does_every_other_byte(make_task):
    task = make_task()
    png = encode(render(task))
    embedded = embed(png, task)
    with Image.open(io.BytesIO(png)) as before, Image.open(io.BytesIO(embedded)) as after:
        assert before.tobytes() == after.tobytes()
        assert before.getpalette() == after.getpalette()
        assert json.loads(after.text[KEYWORD])["uuid"] == task.uuid
    start = embedded.index(b"tEXt") - 4
    assert embedded[:start] + embedded[start + len(embedded) - len(png) :] == png


def test_a_text_that_another_program_has_written_is_extracted(make_task):
    task = make_task()
    assert extract(with_text(task.model_dump_json())) == task


@pytest.mark.parametrize(
    ("png", "words"),
    [
        (b"", "no PNG file"),
        (b"GIF89a", "no PNG file"),
        (with_text("x")[:40], "no PNG file|no parameters"),
        (with_text("x", keyword="Comment"), "no parameters in this file"),
        (with_text("x"), "no JSON"),
        (with_text("[" * 100_000), "nested too deeply"),
        (with_text('{"uuid": ' * 100_000), "nested too deeply"),
        (with_text('{"width": ' + "9" * 5000 + "}"), "no JSON"),
        (with_text("[]"), "the parameters in this file"),
        (with_text('{"width": 0}'), "width: must be"),
    ],
)
def test_a_file_without_valid_parameters_is_refused_with_the_reason(png, words):
    with pytest.raises(errors.InvalidTask, match=words):
        extract(png)
