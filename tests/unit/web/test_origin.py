# SPDX-License-Identifier: Apache-2.0
"""What the explorer says of the fractal that it was opened from."""

import pytest

from faafo.db.models import Fractal
from faafo.web.origin import origin_of

SQUARE = {
    "width": 401, "height": 201, "iterations": 100,
    "xa": -1.0, "xb": 1.0, "ya": -0.5, "yb": 0.5,
}  # fmt: skip


def origin(re=0.0, im=0.0, max_iterations=100, **changes):
    return origin_of(Fractal(**{**SQUARE, **changes}), re, im, max_iterations)


def test_a_picture_that_is_as_the_view_needs_no_remark():
    assert origin().remarks == []


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"ya": -1.0, "yb": 1.0}, "stretched 2 times in width"),
        ({"height": 301}, "stretched 1.5 times in height"),
        ({"xa": 1.0, "xb": -1.0}, "In the picture left and right are exchanged."),
        ({"ya": 0.5, "yb": -0.5}, "In the picture top and bottom are exchanged."),
        (
            {"xa": 1.0, "xb": -1.0, "ya": 0.5, "yb": -0.5},
            "In the picture left and right and top and bottom are exchanged.",
        ),
        ({"iterations": 12_345}, "The picture has 12,345 iterations, a tile at most 100."),
    ],
)
def test_what_is_different_in_the_picture_is_said(changes, remark):
    (found,) = origin(**changes).remarks
    assert remark in found


@pytest.mark.parametrize("changes", [{"xb": -1.0}, {"ya": 0.5}, {"width": 1, "xb": -1.0}])
def test_a_window_without_an_area_has_no_square_pixels_to_speak_of(changes):
    assert origin(**changes).remarks == []


@pytest.mark.parametrize("re", [0.0, 0.5, -2.0])
def test_the_part_around_the_centre_contains_the_window(re):
    found = origin(re=re)
    assert re - found.width / 2 <= -1.0
    assert re + found.width / 2 >= 1.0
    assert found.height == 1.0
