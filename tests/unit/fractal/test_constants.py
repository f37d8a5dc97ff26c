# SPDX-License-Identifier: Apache-2.0
"""The named constants have the dynamics that their remarks state."""

import cmath
import math

import pytest

from faafo.fractal.constants import CONSTANTS

BY_NAME = {one.name: complex(one.cx, one.cy) for one in CONSTANTS}


def orbit(c, steps):
    points = [0j]
    for _ in range(steps):
        points.append(points[-1] ** 2 + c)
    return points


def test_names_are_unique():
    assert len(BY_NAME) == len(CONSTANTS)


@pytest.mark.parametrize(
    ("name", "period"), [("Douady rabbit", 3), ("Airplane", 3), ("Basilica", 2), ("Kokopelli", 4)]
)
def test_the_critical_point_of_a_centre_is_periodic(name, period):
    points = orbit(BY_NAME[name], period)
    assert abs(points[period]) < 1e-14
    assert all(abs(point) > 0.1 for point in points[1:period])


def test_a_siegel_disc_turns_by_the_golden_mean():
    turn = cmath.exp(2j * math.pi * (math.sqrt(5) - 1) / 2)
    assert abs(turn / 2 - turn * turn / 4 - BY_NAME["Siegel disc"]) < 1e-14


@pytest.mark.parametrize(("name", "steps", "period"), [("Dendrite", 2, 2), ("Spiral", 4, 1)])
def test_the_critical_point_of_a_dendrite_meets_a_cycle(name, steps, period):
    points = orbit(BY_NAME[name], steps + period)
    assert abs(points[steps] - points[steps + period]) < 1e-12
    assert abs(points[steps - 1] - points[steps + period - 1]) > 0.1


@pytest.mark.parametrize(("name", "multiplier"), [("San Marco", -1), ("Cauliflower", 1)])
def test_a_parabolic_point_has_a_root_of_unity_as_its_multiplier(name, multiplier):
    assert abs(1 - cmath.sqrt(1 - 4 * BY_NAME[name]) - multiplier) < 1e-14
