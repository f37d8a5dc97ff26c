# SPDX-License-Identifier: Apache-2.0
import math
from itertools import pairwise

import pytest
from pydantic import TypeAdapter, ValidationError

from faafo import errors
from faafo.fractal.drawing import Formula
from faafo.fractal.paths import FRAMES_A_STEP, MOST_STEPS, Path, Whole
from faafo.fractal.steps import critical_count
from faafo.fractal.task import describe

UUID = "12345678-9abc-4def-8123-456789abcdef"
SIDES = {"width": 64, "height": 36, "iterations": 100}
WHOLE = Whole(**SIDES, xa=-1.6, xb=1.6, ya=-0.9, yb=0.9)


def path_of(**fields):
    return TypeAdapter(Path).validate_python(fields)


def frames(count, whole=WHOLE, uuid=UUID, **fields):
    return path_of(**fields).frames(whole, count, uuid)


def constants(count, **fields):
    found = frames(count, **fields)
    assert {one[2:] for one in found} == {(-1.6, 1.6, -0.9, 0.9)}
    return [complex(one.cx, one.cy) for one in found]


def test_points_are_joined_by_lines_with_equal_steps_from_the_first_to_the_last():
    corners = [[0, 0], [0, 1], [2, 1]]
    assert constants(7, type="points", points=corners) == [
        0,
        0.5j,
        1j,
        0.5 + 1j,
        1 + 1j,
        1.5 + 1j,
        2 + 1j,
    ]
    steps = [
        abs(b - a) for a, b in pairwise(constants(100, type="points", points=[[0, 0], [3, 4]]))
    ]
    assert steps == pytest.approx([5 / 99] * 99)


def test_points_may_be_given_twice():
    corners = [[0, 0], [0, 0], [1, 0], [1, 0], [0, 0], [0, 0]]
    assert constants(5, type="points", points=corners) == [0, 0.5, 1, 0.5, 0]


def test_a_circle_begins_at_its_right_and_has_no_frame_twice():
    found = constants(4, type="circle", centre=[-1, 0.25], radius=0.5)
    assert found == pytest.approx([-0.5 + 0.25j, -1 + 0.75j, -1.5 + 0.25j, -1 - 0.25j])


@pytest.mark.parametrize("formula", list(Formula))
def test_a_walk_leads_between_constants_of_good_pictures(formula):
    whole = WHOLE.model_copy(update={"formula": formula})
    first, last = (complex(*one[:2]) for one in frames(2, whole, type="walk", seed=3))
    assert first != last
    for one in (first, last):
        assert 10 < critical_count(formula, one, 300) < 300


def test_a_walk_depends_on_its_seed_or_on_the_uuid_and_has_few_corners():
    one, same, other = (constants(60, type="walk", seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    assert constants(60, type="walk") == constants(60, type="walk", uuid=UUID)
    assert constants(60, type="walk") != constants(60, type="walk", uuid=UUID.replace("1", "2"))

    def corners(found):
        turns = [
            abs((c - b) - (b - a)) for a, b, c in zip(found, found[1:], found[2:], strict=False)
        ]
        return sum(turn > 1e-9 for turn in turns)

    assert corners(constants(FRAMES_A_STEP, type="walk", seed=1)) == 0
    assert 0 < corners(constants(1000, type="walk", seed=1)) <= 2 * (MOST_STEPS - 1)


def test_a_zoom_changes_the_window_by_the_same_factor_and_ends_exactly_there():
    to = {"xa": 0.1, "xb": 0.132, "ya": 0.3, "yb": 0.318}
    found = frames(21, type="zoom", c=[-0.8, 0.156], to=to)
    assert {one[:2] for one in found} == {(-0.8, 0.156)}
    assert found[0][2:] == pytest.approx((-1.6, 1.6, -0.9, 0.9), abs=0)
    assert found[-1][2:] == tuple(to.values())
    widths = [one.xb - one.xa for one in found]
    factors = [b / a for a, b in pairwise(widths)]
    assert factors == pytest.approx([0.01 ** (1 / 20)] * 20)
    for one in found:
        assert (one.xb - one.xa) / (one.yb - one.ya) == pytest.approx(16 / 9)
    # All windows have one point at the same place.
    place = -1.6 + 1.7 / 0.99
    parts = [(place - one.xa) / (one.xb - one.xa) for one in found]
    assert parts == pytest.approx([parts[0]] * 21)


def test_a_zoom_may_pan_or_be_of_a_flipped_window_or_lead_out():
    found = frames(3, type="zoom", c=[0, 0], to={"xa": -1.5, "xb": 1.7, "ya": -0.9, "yb": 0.9})
    assert found[1][2:] == pytest.approx((-1.55, 1.65, -0.9, 0.9))
    flipped = Whole(**SIDES, xa=1.6, xb=-1.6, ya=-0.9, yb=0.9)
    to = {"xa": 3.2, "xb": -3.2, "ya": -1.8, "yb": 1.8}
    assert frames(2, flipped, type="zoom", c=[0, 0], to=to)[1][2:] == tuple(to.values())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"type": "points", "points": [[1, 2], [1, 2]]},
            "path.points: must not all be the same: the lines have a length of 0 together, and "
            "1e-100 is the least",
        ),
        (
            {"type": "points", "points": [[0, 0], [5e-324, 0], [5e-324, 0]]},
            "path.points: must not all be the same: the lines have a length of 4.94066e-324 "
            "together, and 1e-100 is the least",
        ),
        (
            {"type": "circle", "centre": [999_999, 0], "radius": 2},
            "path.radius: leads beyond 1000000, the largest coordinate",
        ),
        (
            {"type": "zoom", "c": [0, 0], "to": {"xa": 0, "xb": 1, "ya": 0, "yb": 1}},
            "path.to: must have the aspect of the window of the film, since all frames have its "
            "size: 1 is not 1.77778",
        ),
        (
            {"type": "zoom", "c": [0, 0], "to": {"xa": 1, "xb": 1, "ya": 0, "yb": 1}},
            "path.to: xa and xb: must differ by 1e-100 at least in a zoom",
        ),
        (
            {"type": "zoom", "c": [0, 0], "to": {"xa": 0, "xb": 1.6, "ya": 0.9, "yb": 0}},
            "path.to: ya and yb must be in the order of those of the film",
        ),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_refused(fields, sentence):
    with pytest.raises(errors.InvalidTask) as caught:
        frames(9, **fields)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("side", [0.0, 5e-324, 1e-200])
def test_a_window_without_a_size_cannot_be_zoomed(side):
    flat = Whole(**SIDES, xa=0, xb=side, ya=-0.9, yb=0.9)
    to = {"xa": 0, "xb": 1.6, "ya": 0, "yb": 0.9}
    with pytest.raises(errors.InvalidTask, match="^xa and xb: must differ by 1e-100 at least"):
        frames(9, flat, type="zoom", c=[0, 0], to=to)


@pytest.mark.parametrize("side", [5e-324, 1e-200, -1e-200])
def test_a_zoom_does_not_lead_into_less_than_numbers_can_tell_apart(side):
    square = Whole(**SIDES, xa=0, xb=1e-200, ya=0, yb=1e-200)
    for whole in (Whole(**SIDES, xa=0, xb=1, ya=0, yb=1), square):
        with pytest.raises(errors.InvalidTask, match="must differ by 1e-100 at least in a zoom"):
            frames(9, whole, type="zoom", c=[0, 0], to={"xa": 0, "xb": side, "ya": 0, "yb": side})


def test_the_deepest_zoom_has_frames_of_finite_windows():
    whole = Whole(**SIDES, xa=-1e6, xb=1e6, ya=-1e6, yb=1e6)
    to = {"xa": 0, "xb": 1e-100, "ya": 0, "yb": 1e-100}
    made = frames(999, whole, type="zoom", c=[0, 0], to=to)
    assert all(math.isfinite(number) for one in made for number in one)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (7, "must be an object whose type is one of points, circle, walk, zoom, not 7"),
        ({}, "must be an object whose type is one of points, circle, walk, zoom, not {}"),
        ({"type": ["a"]}, "type is one of points, circle, walk, zoom, not {'type': ['a']}"),
        ({"type": "circle", "centre": [math.nan, 0], "radius": 1}, "centre.0: must be a finite"),
        ({"type": "circle", "centre": [0, 1e7], "radius": 1}, "to 1000000, not 10000000.0"),
        ({"type": "circle", "centre": [0, 0], "radius": 0}, "radius: must be a finite number"),
        ({"type": "circle", "centre": [0, 0]}, "circle.radius: is missing"),
        ({"type": "points", "points": [[0, 0]]}, "points.points: "),
        ({"type": "points", "points": [[0, 0], [1]]}, "points.points.1.1: is missing"),
        ({"type": "points", "points": [[0, 0]] * 101}, "points.points: "),
        ({"type": "walk", "seed": -1}, "walk.seed: must be an integer from 0"),
        ({"type": "walk", "seed": 1.5}, "walk.seed: must be an integer from 0"),
        ({"type": "walk", "more": 1}, "walk.more: is not a field that can be given here"),
        ({"type": "zoom", "c": [0, 0], "to": {"xa": "left"}}, "zoom.to.xa: must be a finite"),
    ],
    ids=str,
)  # fmt: skip
def test_a_path_that_is_none_is_refused(path, sentence):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Path).validate_python(path)
    assert sentence in describe(caught.value)
