# SPDX-License-Identifier: Apache-2.0
"""The size in the first bytes of a PNG file."""

import pytest

from faafo.fractal.png import has_sides
from faafo.render.image import encode, render


def test_a_png_file_has_the_sides_of_its_picture(make_task):
    png = encode(render(make_task(width=30, height=20)))
    assert has_sides(png, 30, 20)
    assert not has_sides(png, 20, 30)
    assert not has_sides(png, 30, 21)


@pytest.mark.parametrize("other", [b"", b"\x89PNG", b"GIF89a" + bytes(100), bytes(100)])
def test_other_bytes_have_no_sides(other):
    assert not has_sides(other, 0, 0)
