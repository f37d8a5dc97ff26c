# SPDX-License-Identifier: Apache-2.0
"""The trap: no orbit that enters it leaves it."""

import math

import numpy as np
import pytest

from faafo.render.formulas import NUMBERS
from faafo.render.trap import find_trap
from tests.plain_drawing import plain_step

PERIODS = {
    1: (0.0, 0.0),
    2: (-1.0, 0.0),
    3: (-0.123, 0.745),
    4: (-1.3107, 0.0),
    5: (-0.5, 0.56),
    6: (-1.138, 0.24),
}


@pytest.mark.parametrize(("period", "constant"), PERIODS.items())
@pytest.mark.parametrize("stride", [4, 6, 7])
def test_there_are_as_many_discs_as_the_stride_needs(period, constant, stride):
    trap = find_trap(*constant, stride, 20_000)
    assert trap.shape == (math.gcd(stride, period), 3)


@pytest.mark.parametrize("constant", PERIODS.values())
def test_an_orbit_from_anywhere_in_a_disc_returns_to_it_and_never_escapes(constant):
    c = complex(*constant)
    ((x, y, square),) = find_trap(*constant, 7, 20_000)[:1]
    centre, radius = complex(x, y), math.sqrt(square)
    period = next(period for period, known in PERIODS.items() if known == constant)
    rng = np.random.default_rng(1)
    for _number in range(200):
        z = centre + radius * 0.999 * np.exp(2j * np.pi * rng.random())
        for step in range(1, 20 * period + 1):
            z = z * z + c
            assert abs(z) < 2.0
            if step % period == 0:
                assert abs(z - centre) < radius


@pytest.mark.parametrize(
    ("formula", "constant", "period"),
    [
        ("z3", (0.2, 0.1), 1),
        ("z3", (0.02, 0.99), 2),
        ("z4", (0.3, -0.2), 1),
        ("z4", (-0.99, 0.02), 2),
        ("burning-ship", (-0.2, 0.1), 1),
        ("burning-ship", (-1.0, 0.01), 2),
        ("tricorn", (0.1, 0.3), 1),
        ("tricorn", (-1.0, 0.02), 2),
    ],
)
def test_discs_hold_orbits_by_other_formulas(formula, constant, period):
    ((x, y, square),) = find_trap(*constant, 7, 20_000, NUMBERS[formula])
    rng = np.random.default_rng(1)
    radius = 0.999 * math.sqrt(square)
    assert radius > 0.01
    for angle in 2.0 * np.pi * rng.random(100):
        z = x + radius * math.cos(angle), y + radius * math.sin(angle)
        for step in range(1, 20 * period + 1):
            z = plain_step(formula, *z, *constant)
            assert math.hypot(*z) < 2.0
            if step % period == 0:
                assert math.hypot(z[0] - x, z[1] - y) < radius


@pytest.mark.parametrize(
    "constant",
    [(0.25, 0.0), (-0.75, 0.0), (-2.0, 0.0), (0.0, 1.0), (0.3, 0.6), (5.0, 5.0), (1e6, -1e6)],
)
def test_there_is_no_trap_without_an_attracting_cycle(constant):
    assert find_trap(*constant, 7, 20_000).shape == (0, 3)


def test_the_search_ends_after_the_iterations_of_the_picture():
    slow = (0.24, 0.0)
    assert find_trap(*slow, 7, 20_000).size
    assert find_trap(*slow, 7, 63).shape == (0, 3)
