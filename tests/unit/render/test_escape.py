# SPDX-License-Identifier: Apache-2.0
"""The kernel: its counts are equal to those of the plain loop."""

import cmath

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faafo import errors
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.task import MAX_COORDINATE, FractalTask
from faafo.render import escape, kernel, orbits
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


@pytest.mark.parametrize("cx", [-1.9901, -2.05, -2.1, -2.2])
def test_an_orbit_that_comes_back_inside_has_escaped_all_the_same(cx):
    # Near this fixed point orbits linger, and some of them return from between 2 and the other one.
    fixed = (1 - cmath.sqrt(1 - 4 * cx).real) / 2
    reach = {"xa": fixed - 1e-10, "xb": fixed + 1e-10, "ya": 0.0, "yb": 0.0}
    assert_equals_the_plain_loop(
        make_task(width=301, height=1, iterations=500, cx=cx, cy=0.0, **reach)
    )


@pytest.mark.parametrize(("size", "stride"), [(0.0, 7), (1.98, 7), (1.9901, 1), (1e6, 1)])
def test_each_step_is_tested_where_orbits_may_come_back(size, stride):
    assert orbits.stride_for(size * 0.6, size * -0.8) == stride


@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize("constant", [(-0.8, 0.156), (-0.123, 0.745), (0.25, 0.0)])
def test_a_picture_made_in_many_small_pieces_is_one_picture(monkeypatch, rounds, constant):
    monkeypatch.setattr(escape, "BUDGET", rounds)
    assert_equals_the_plain_loop(make_task(width=40, height=30, cx=constant[0], cy=constant[1]))


@pytest.mark.parametrize("constant", [(-0.8, 0.156), (0.0, 1.0), (-0.123, 0.745), (0.3, 0.6)])
@pytest.mark.parametrize("reach", [1e-15, 1e-13, 1e-10])
def test_the_last_bit_of_every_place_and_step_counts(constant, reach):
    # The fixed point drives orbits away from it, so they multiply each rounding error: some counts
    # change when a multiply-add is fused or a sum is taken in another order.
    fixed = (1 + cmath.sqrt(1 - 4 * complex(*constant))) / 2
    assert_equals_the_plain_loop(
        make_task(
            width=37,
            height=31,
            iterations=500,
            xa=fixed.real - reach,
            xb=fixed.real + reach,
            ya=fixed.imag - 0.7 * reach,
            yb=fixed.imag + 0.8 * reach,
            cx=constant[0],
            cy=constant[1],
        )
    )


@pytest.mark.parametrize("cx", [-2.001, -2.00001])
def test_a_thousand_steps_of_chaos_are_the_same_steps(cx):
    # On the real line these orbits double an error with each step until they slip out.
    assert_equals_the_plain_loop(
        make_task(width=301, height=1, iterations=3000, xa=-1.9, xb=1.8, ya=0.0, cx=cx, cy=0.0)
    )


def test_an_orbit_that_only_touches_the_circle_of_radius_2_stays_inside():
    # 2 is a fixed point of z² - 2, and both ends of the window are mapped to it.
    task = make_task(width=5, height=1, xa=-2.0, xb=2.0, ya=0.0, cx=-2.0, cy=0.0)
    assert_equals_the_plain_loop(task)
    assert escape.escape_counts(task)[0, [0, -1]].tolist() == [task.iterations - 1] * 2


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


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    width=st.sampled_from([1, 7, 31, 32, 33, 64, 95, 700]),
    height=sides,
    iterations=st.integers(1, 40),
    window=st.tuples(near, near, near, near) | st.tuples(*[st.floats(-5.0, 5.0)] * 4),
    constant=st.sampled_from(CONSTANTS) | st.tuples(near, near),
)
def test_counts_are_right_for_every_remainder_of_the_lanes(
    width, height, iterations, window, constant
):
    names = ("xa", "xb", "ya", "yb", "cx", "cy")
    places = dict(zip(names, (*window, *constant), strict=True))
    assert_equals_the_plain_loop(
        make_task(width=width, height=height, iterations=iterations, **places)
    )


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    iterations=st.integers(1_000, 100_000),
    constant=st.sampled_from(CONSTANTS) | st.tuples(near, near),
)
def test_counts_are_right_after_a_hundred_thousand_steps(iterations, constant):
    assert_equals_the_plain_loop(
        make_task(width=3, height=2, iterations=iterations, cx=constant[0], cy=constant[1])
    )


@pytest.mark.parametrize("angle", range(8))
def test_the_last_column_inside_the_circle_of_radius_2_is_found_in_every_row(angle):
    # Each row crosses the circle at another place, and one column lies right on it or next to it.
    centre = 2.0 * cmath.exp(1j * angle)
    assert_equals_the_plain_loop(
        make_task(
            width=41,
            height=41,
            iterations=3,
            xa=centre.real - 2e-15,
            xb=centre.real + 2e-15,
            ya=centre.imag - 2e-15,
            yb=centre.imag + 2e-15,
        )
    )


def test_bands_of_rows_are_the_picture_in_pieces(monkeypatch):
    monkeypatch.setattr(escape, "BAND", 100)
    task = make_task(width=33, height=31)
    bands = [(band.first_row, band.counts.copy()) for band in escape.escape_bands(task)]
    assert [row for row, _band in bands] == list(range(0, 31, 3))
    assert np.concatenate([band for _row, band in bands]).tolist() == plain_counts(task)


def test_progress_never_decreases_and_ends_with_all_rows(monkeypatch):
    monkeypatch.setattr(escape, "BUDGET", 1)
    reported = []
    escape.escape_counts(make_task(width=300, height=40), progress=reported.append)
    assert reported == sorted(reported)
    assert len(set(reported)) > 5
    assert reported[-1] == 40


def test_a_cancelled_render_ends_between_two_pieces(monkeypatch):
    monkeypatch.setattr(escape, "BUDGET", 2)
    answers = iter([False, False, True])
    with pytest.raises(errors.RenderCancelled, match=UUID):
        escape.escape_counts(make_task(width=100), lambda: next(answers))
    assert list(answers) == []


class Processor:
    """A clock, and a kernel that needs a second for so many strides, and does them by the row."""

    def __init__(self, speed, rows):
        self.speed = speed
        self.budgets = []
        self._now = 0.0
        self._rows = rows

    def perf_counter(self):
        return self._now

    def fill(self, counts, xs, middle, ys, julia, trap, orbits, cursor, budget, sizes):
        self.budgets.append(budget)
        self._now += budget / self.speed
        return cursor._replace(row=min(len(ys), cursor.row + self._rows))

    def render(self, monkeypatch, **changes):
        monkeypatch.setattr(escape, "perf_counter", self.perf_counter)
        monkeypatch.setattr(escape, "fill", self.fill)
        for _band in escape.escape_bands(make_task(**changes)):
            pass


@pytest.mark.parametrize("speed", [2e6, 50e6, 400e6, 5e9])
def test_a_render_is_looked_at_as_often_on_a_slow_processor_as_on_a_fast_one(monkeypatch, speed):
    processor = Processor(speed, rows=1)
    processor.render(monkeypatch, width=4, height=40)
    assert processor.budgets[20:] == [int(escape.CHECK_SECONDS * speed)] * 20
    assert max(processor.budgets) / speed <= max(0.25, processor.budgets[0] / speed)


def test_easy_bands_do_not_keep_a_later_one_from_being_looked_at(monkeypatch):
    monkeypatch.setattr(escape, "BAND", 4)
    processor = Processor(speed=100e6, rows=1)
    processor.render(monkeypatch, width=4, height=40)
    assert set(processor.budgets) == {escape.BUDGET}


@pytest.mark.parametrize("side", [1, 100])
def test_a_render_without_an_end_can_be_cancelled(side):
    # No trap helps here: nothing attracts at c = 1/4 but a point on the edge itself.
    endless = make_task(
        width=side, height=side, iterations=MAX_INT32, xa=0.0, xb=0.1, ya=0.0, yb=0.1, cx=0.25, cy=0
    )
    answers = iter([False, False, True])
    with pytest.raises(errors.RenderCancelled):
        escape.escape_counts(endless, lambda: next(answers))


def test_a_warm_kernel_compiles_nothing_more():
    escape.warm_up()
    compiled = list(kernel.fill.signatures)
    for constant in CONSTANTS:
        escape.escape_counts(make_task(cx=constant[0], cy=constant[1]))
    assert kernel.fill.signatures == compiled
