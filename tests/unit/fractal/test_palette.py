# SPDX-License-Identifier: Apache-2.0
"""The palettes: their steps are visible with normal vision and with colour blindness."""

import math

import pytest

from faafo.fractal.palette import DEFAULT, INSIDE, NAMES, colours, flat

RAMPS = ("cubehelix", "ember", "lagoon", "dawn", "grey")
MADE = [name for name in NAMES if name != DEFAULT]
# From linear sRGB to the colours seen without the red or the green cones: F. Viénot, H. Brettel,
# J. D. Mollon, "Digital video colourmaps for checking the legibility of displays by dichromats",
# Color Research and Application 24 (1999), 243.
DICHROMATS = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def linear(colour):
    parts = (component / 255 for component in colour)
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def lightness(rgb):
    """CIE 1976 L* of a colour in linear sRGB."""
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def seen_by(matrix, colour):
    rgb = linear(colour)
    return [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in matrix]


def test_there_are_the_original_palette_and_at_least_five_more():
    assert DEFAULT == "original"
    assert len(MADE) >= 5


def test_the_original_palette_is_the_formula_of_the_original_faafo():
    assert colours("original") == [(i % 8 * 32, i % 16 * 16, i % 32 * 8) for i in range(32)]
    assert flat("original")[:6] == [0, 0, 0, 32, 16, 8]


@pytest.mark.parametrize("name", NAMES)
def test_a_palette_fits_into_an_indexed_png(name):
    assert len(colours(name)) <= 256
    assert len(flat(name)) == 3 * len(colours(name))
    assert all(isinstance(part, int) and 0 <= part <= 255 for part in flat(name))


@pytest.mark.parametrize("name", MADE)
def test_the_inside_is_black_and_the_cycle_has_no_seam(name):
    inside, *cycle = colours(name)
    assert inside == INSIDE
    for one, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        assert math.dist(one, following) < 16


@pytest.mark.parametrize("name", RAMPS)
def test_lightness_rises_evenly_and_falls_again(name):
    levels = [lightness(linear(colour)) for colour in colours(name)[1:]]
    rise = levels[: len(levels) // 2 + 1]
    steps = [after - before for before, after in zip(rise, rise[1:], strict=False)]
    assert all(step > -0.5 for step in steps), "no visible fall within the rise"
    assert max(steps) < 2.5
    assert rise[-1] - rise[0] > 60


@pytest.mark.parametrize("name", RAMPS)
@pytest.mark.parametrize("matrix", DICHROMATS.values(), ids=DICHROMATS)
def test_every_tenth_of_a_ramp_is_visible_to_dichromats(name, matrix):
    ramp = colours(name)[1:129:12]
    seen = [lightness(seen_by(matrix, colour)) for colour in ramp]
    assert all(after - before > 2.0 for before, after in zip(seen, seen[1:], strict=False))


def test_the_blue_and_the_red_half_of_the_tides_differ_for_dichromats():
    cycle = colours("tides")[1:]
    blue, red = cycle[len(cycle) // 4], cycle[3 * len(cycle) // 4]
    for matrix in DICHROMATS.values():
        assert math.dist(seen_by(matrix, blue), seen_by(matrix, red)) > 0.2


def test_no_hue_of_the_spectrum_is_lighter_than_another():
    levels = [lightness(linear(colour)) for colour in colours("spectrum")[1:]]
    assert max(levels) - min(levels) < 8
