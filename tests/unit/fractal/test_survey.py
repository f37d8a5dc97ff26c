# SPDX-License-Identifier: Apache-2.0
"""Surveys of Julia sets whose size and shape are known."""

import math

import pytest

from faafo.fractal.drawing import Formula
from faafo.fractal.survey import SIDE, Box, radius, survey


@pytest.mark.parametrize("formula", Formula)
def test_of_c_0_the_inside_is_the_unit_disc(formula):
    seen = survey(formula, 0j)
    assert len(seen.points) == SIDE**2
    for x, y, count, distance in seen.points:
        if math.hypot(x, y) < 0.95:
            assert (count, distance) == (math.inf, 0.0)
        if math.hypot(x, y) > 1.1:
            # The potential of a point is log |z|: its orbit passes |z| = 2 after so many steps.
            degree = {"z3": 3, "z4": 4}.get(formula, 2)
            expected = 1.0 - math.log(math.log(math.hypot(x, y)) / math.log(2), degree)
            assert count == pytest.approx(expected, abs=0.01)
            assert math.hypot(x, y) - 1 < distance < 2.5 * (math.hypot(x, y) - 1)


def test_the_extent_of_a_segment_is_its_length():
    # The Julia set of z^2 - 2 is the segment from -2 to 2 (J. Milnor, section 7).
    seen = survey("z2", -2 + 0j)
    extent = seen.extent()
    assert extent.width == pytest.approx(4.0, abs=2 * seen.pitch)
    assert extent.height <= 2 * seen.pitch


@pytest.mark.parametrize(
    ("formula", "c"),
    [("z2", -0.8 + 0.16j), ("z3", 0.4 + 0.6j), ("burning-ship", 0.5 - 0.8j), ("tricorn", 0.3j)],
)
def test_beyond_the_radius_every_step_leads_outwards(formula, c):
    degree = 3 if formula == "z3" else 2
    bound = radius(formula, c)
    assert bound**degree == pytest.approx(bound + abs(c))
    assert bound > 1


def test_a_part_of_a_survey_has_the_points_in_its_box():
    seen = survey("z2", -1 + 0j)
    part = seen.within(Box(0.0, 0.5, -0.5, 0.0))
    assert 0 < len(part.points) < len(seen.points)
    assert all(0 <= one.x <= 0.5 and -0.5 <= one.y <= 0 for one in part.points)


def test_half_of_a_symmetric_set_is_computed_and_the_rest_mirrored():
    seen = survey("burning-ship", 0.5 - 0.8j)
    by_place = {(one.x, one.y): one.escape for one in seen.points}
    assert len(by_place) == SIDE**2
    assert all(by_place[-x, -y] == escape for (x, y), escape in by_place.items())


def test_a_set_like_noise_is_rougher_than_spirals():
    spirals = survey("z2", -0.7269 + 0.1889j)
    noise = survey("burning-ship", -1.1271252431591292 - 0.43314984733233775j)
    assert spirals.roughness() < 2.4
    assert noise.roughness() > 2.8
