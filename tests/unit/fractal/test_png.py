# SPDX-License-Identifier: Apache-2.0
"""The size in the first bytes of a PNG file, and whether it is whole."""

import pytest

from faafo.fractal.png import has_sides, is_whole
from faafo.render.image import encode, render


def test_a_png_file_has_the_sides_of_its_picture(make_task):
    png = encode(render(make_task(width=30, height=20)))
    assert has_sides(png, 30, 20)
    assert not has_sides(png, 20, 30)
    assert not has_sides(png, 30, 21)


@pytest.mark.parametrize("other", [b"", b"\x89PNG", b"GIF89a" + bytes(100), bytes(100)])
def test_other_bytes_have_no_sides(other):
    assert not has_sides(other, 0, 0)


def test_a_png_file_is_whole_unless_a_byte_is_missing_or_changed(make_task):
    png = encode(render(make_task(width=12, height=9)))
    assert is_whole(png, 12, 9)
    assert not is_whole(png, 9, 12)
    assert not any(is_whole(png[:end], 12, 9) for end in range(len(png)))
    assert not is_whole(png + b"\0", 12, 9)
    for place in range(len(png)):
        changed = png[:place] + bytes([png[place] ^ 1]) + png[place + 1 :]
        assert not is_whole(changed, 12, 9), place
