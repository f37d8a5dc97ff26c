"""The kernel: its counts are those of the plain loop, whatever it does to be fast."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faafo import errors
from faafo.fractal import escape
from faafo.fractal.task import MAX_COORDINATE, FractalTask
from tests.plain_loop import plain_counts

UUID = "00000000-0000-4000-8000-000000000001"

# Centres of attracting cycles of period 1 to 7, edges between them, and c without any cycle.
CONSTANTS = [
    (0.0, 0.0),
    (-1.0, 0.0),
    (-0.123, 0.745),
    (-1.3107, 0.0),
    (-0.5, 0.56),
    (0.38, 0.22),
    (-0.128, 0.986),
    (0.376, 0.145),
    (0.25, 0.0),
    (-0.75, 0.0),
    (0.2499, 0.0),
    (-2.0, 0.0),
    (0.0, 1.0),
    (-0.8, 0.156),
    (3.0, -4.0),
]

near = st.floats(-2.0, 2.0)
far = st.floats(-MAX_COORDINATE, MAX_COORDINATE)
sides = st.integers(1, 12)


def make_task(**changes):
    values = {
        "uuid": UUID,
        "width": 9,
        "height": 7,
        "iterations": 60,
        "xa": -1.5,
        "xb": 1.5,
        "ya": -1.2,
        "yb": 1.2,
        "cx": -0.8,
        "cy": 0.156,
    }
    return FractalTask(**{**values, **changes})


def assert_equals_the_plain_loop(task):
    counts = escape.escape_counts(task)
    assert counts.dtype == np.int32
    assert counts.shape == (task.height, task.width)
    assert counts.tolist() == plain_counts(task)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    width=sides,
    height=sides,
    iterations=st.integers(1, 80),
    window=st.tuples(near, near, near, near) | st.tuples(far, far, far, far),
    constant=st.sampled_from(CONSTANTS) | st.tuples(near, near) | st.tuples(far, far),
)
@example(1, 1, 1, (0.0, 0.0, 0.0, 0.0), (0.0, 0.0))
@example(12, 12, 7, (1.0, -1.0, 1.0, -1.0), (0.25, 0.0))
@example(12, 12, 8, (0.5, 0.5, -1.0, 1.0), (-1.0, 0.0))
def test_counts_equal_those_of_the_plain_loop(width, height, iterations, window, constant):
    xa, xb, ya, yb = window
    assert_equals_the_plain_loop(
        make_task(
            width=width,
            height=height,
            iterations=iterations,
            xa=xa,
            xb=xb,
            ya=ya,
            yb=yb,
            cx=constant[0],
            cy=constant[1],
        )
    )


@pytest.mark.parametrize("constant", CONSTANTS)
@pytest.mark.parametrize("iterations", [1, 2, 6, 7, 8, 13, 14, 15, 1000])
def test_counts_are_right_for_every_remainder_of_the_stride(constant, iterations):
    assert_equals_the_plain_loop(make_task(iterations=iterations, cx=constant[0], cy=constant[1]))


def test_a_picture_of_several_bands_is_one_picture(monkeypatch):
    monkeypatch.setattr(escape, "STEPS_PER_BAND", 100)
    assert_equals_the_plain_loop(make_task(width=40, height=30))


def test_a_side_of_one_pixel_uses_the_first_bound():
    row = make_task(height=1, ya=0.3, yb=99.0)
    column = make_task(width=1, xa=0.3, xb=99.0)
    assert_equals_the_plain_loop(row)
    assert_equals_the_plain_loop(column)
    assert escape.escape_counts(row).tolist() == (
        escape.escape_counts(make_task(height=2, ya=0.3, yb=99.0))[:1].tolist()
    )


def test_a_mirrored_window_gives_the_mirrored_picture():
    counts = escape.escape_counts(make_task(xa=-1.0, xb=1.0))
    mirrored = escape.escape_counts(make_task(xa=1.0, xb=-1.0))
    assert np.array_equal(mirrored, counts[:, ::-1])


def test_a_window_without_width_gives_columns_that_are_all_alike():
    counts = escape.escape_counts(make_task(xa=0.5, xb=0.5))
    assert (counts == counts[:, :1]).all()


def test_a_cancelled_render_ends_between_two_bands(monkeypatch):
    monkeypatch.setattr(escape, "STEPS_PER_BAND", 100)
    answers = iter([False, False, True])
    with pytest.raises(errors.RenderCancelled, match=UUID):
        escape.escape_counts(make_task(width=100), lambda: next(answers))
    assert list(answers) == []
