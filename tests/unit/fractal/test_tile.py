# SPDX-License-Identifier: Apache-2.0
"""Tiles: their windows to the last bit, and the errors of invalid views."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faafo import errors
from faafo.fractal.tile import MAX_ZOOM, SIZE, TileView, max_scale, parse_view, pitch
from faafo.render.escape import escape_counts
from tests.plain_loop import place

VIEW = {"z": 3, "x": 5, "y": 2, "cx": -0.12, "cy": 0.74, "iterations": 50}


@st.composite
def views(draw):
    z = draw(st.integers(0, MAX_ZOOM))
    x, y = (draw(st.integers(0, 2**z - 1)) for _ in "xy")
    return TileView(**{**VIEW, "z": z, "x": x, "y": y})


@settings(deadline=None)
@given(views())
def test_every_pixel_lies_exactly_on_a_multiple_of_the_pitch(view):
    task = view.task()
    for first, last, number in ((task.xa, task.xb, view.x), (task.ya, task.yb, view.y)):
        for pixel in (0, 1, 2, 100, 128, 254, 255):
            exact = -2 + (number * SIZE + pixel) * Fraction(pitch(view.z))
            assert Fraction(place(pixel, SIZE, first, last)) == exact


def test_the_only_tile_of_zoom_0_begins_in_the_corner_and_ends_before_the_edge():
    task = TileView(**{**VIEW, "z": 0, "x": 0, "y": 0}).task()
    assert (task.xa, task.ya) == (-2.0, -2.0)
    assert (task.xb, task.yb) == (2.0 - pitch(0), 2.0 - pitch(0))
    assert (task.width, task.height) == (256, 256)


def test_every_second_pixel_of_a_tile_is_one_of_the_tile_above():
    above = escape_counts(TileView(**{**VIEW, "z": 2, "x": 1, "y": 1}).task())
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        tile = escape_counts(TileView(**{**VIEW, "z": 3, "x": 2 + x, "y": 2 + y}).task())
        part = above[128 * y : 128 * y + 128, 128 * x : 128 * x + 128]
        assert (tile[::2, ::2] == part).all()


def test_a_tile_of_scale_2_is_four_tiles_of_the_next_zoom():
    large = escape_counts(TileView(**{**VIEW, "z": 2, "x": 1, "y": 2, "scale": 2}).task())
    assert large.shape == (512, 512)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        tile = escape_counts(TileView(**{**VIEW, "z": 3, "x": 2 + x, "y": 4 + y}).task())
        assert (large[256 * y : 256 * y + 256, 256 * x : 256 * x + 256] == tile).all()


@settings(deadline=None)
@given(views())
def test_a_tile_of_any_scale_covers_the_same_square(view):
    for scale in range(1, max_scale(view.z) + 1):
        task = view.model_copy(update={"scale": scale}).task()
        assert (task.width, task.height) == (SIZE * scale, SIZE * scale)
        for first, last, number in ((task.xa, task.xb, view.x), (task.ya, task.yb, view.y)):
            for pixel in (0, 1, 2, 100, 255):
                exact = -2 + (number * SIZE + pixel) * Fraction(pitch(view.z))
                found = Fraction(place(pixel * scale, task.width, first, last))
                assert abs(found - exact) <= Fraction(2) ** -51


@pytest.mark.parametrize(("zoom", "largest"), [(0, 3), (40, 3), (41, 2), (42, 1)])
def test_no_scale_goes_deeper_than_the_deepest_zoom(zoom, largest):
    view = {**VIEW, "z": zoom, "x": 0, "y": 0}
    assert pitch(zoom) / parse_view({**view, "scale": largest}).scale >= pitch(MAX_ZOOM)
    with pytest.raises(errors.InvalidTask, match="^scale: must be an integer from 1 to "):
        parse_view({**view, "scale": largest + 1})


def test_more_pixels_leave_fewer_iterations():
    view = TileView(**VIEW)
    allowed = [
        view.model_copy(update={"scale": scale}).iterations_within(100) for scale in (1, 2, 3)
    ]
    assert allowed == [100, 25, 11]
    assert TileView(**VIEW, scale=2, samples=2).iterations_within(100) == 6


def test_neighbours_at_the_deepest_zoom_are_sixteen_doubles_apart():
    step = Fraction(pitch(MAX_ZOOM))
    assert step == 16 * Fraction(2) ** -52


def test_numbers_may_be_written_as_text():
    assert parse_view({name: str(value) for name, value in VIEW.items()}) == TileView(**VIEW)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("z", -1, "z: must be an integer from 0 to 42, not -1"),
        ("z", "43", "z: must be an integer from 0 to 42, not '43'"),
        ("x", 8, "x: must be an integer from 0 to 7 at z = 3, not 8"),
        ("y", "abc", "y: must be an integer from 0 to 4398046511103, not 'abc'"),
        ("cx", "nan", "cx: must be a finite number from -1000000 to 1000000, not 'nan'"),
        ("cy", "1e7", "cy: must be a finite number from -1000000 to 1000000, not '1e7'"),
        ("iterations", 0, "iterations: must be an integer from 1 to 2147483647, not 0"),
        ("palette", "blue", "palette: must be one of original, "),
        ("scale", 0, "scale: must be an integer from 1 to 3, not 0"),
        ("scale", "1.5", "scale: must be an integer from 1 to 3, not '1.5'"),
        ("samples", "5", "samples: must be an integer from 1 to 4, not '5'"),
        ("inside", "black", "inside: must be red, green and blue such as #000000"),
        ("output", "jpeg", "output: must be one of png, values"),
    ],
)
def test_the_error_of_a_view_names_field_bounds_and_value(field, value, message):
    with pytest.raises(errors.InvalidTask) as caught:
        parse_view({**VIEW, field: value})
    assert str(caught.value).startswith(message)


def test_fingerprints_differ_for_views_and_not_for_ways_to_write_them():
    fingerprint = TileView(**VIEW).fingerprint()
    same = {**VIEW, "z": "3", "cy": "0.740", "palette": "original"}
    assert parse_view(same).fingerprint() == fingerprint
    zero = [TileView(**{**VIEW, "cx": cx}).fingerprint() for cx in (0.0, -0.0)]
    assert zero[0] == zero[1]
    for name, value in VIEW.items():
        other = value + 1 if name == "z" else value - 1
        assert TileView(**{**VIEW, name: other}).fingerprint() != fingerprint
    assert TileView(**VIEW, scale=2).fingerprint() != fingerprint
    assert TileView(**VIEW, palette="ember").fingerprint() != fingerprint
    assert TileView(**VIEW, output="values").fingerprint() != fingerprint


def test_the_fingerprint_of_a_tile_is_what_it_was_before_there_were_scales():
    style = {"cx": -0.8, "cy": 0.156, "iterations": 300, "palette": "dawn"}
    view = TileView(z=3, x=2, y=5, **style)
    assert view.fingerprint() == "1b3abcf1f846595d597f78e482572df7"
