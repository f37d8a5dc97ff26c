# SPDX-License-Identifier: Apache-2.0
"""The palettes: their steps are visible with normal vision and with colour blindness."""

import hashlib
import math
from itertools import combinations, pairwise

import pytest

from faafo.fractal.palette import DEFAULT, FIRST_NAMES, INSIDE, NAMES, colours, flat

NEW_RAMPS = ("sunset", "glacier", "moss", "amethyst", "rose", "sepia")
RAMPS = ("cubehelix", "ember", "lagoon", "dawn", "grey", *NEW_RAMPS)
LOOPS = ("lapis", "aurora", "peacock", "nebula", "patina", "opal")
MADE = [name for name in NAMES if name != DEFAULT]
# SHA-256 of the bytes of ``flat``, of the palettes that pictures have had from the beginning.
FIRST = {
    "original": "62e5be7930499ab5",
    "cubehelix": "481610b302aeeee9",
    "ember": "f3295b09b437078e",
    "lagoon": "85048ef5ae5640dc",
    "dawn": "2a67c23af347e579",
    "grey": "7b068dcb1f34b302",
    "tides": "b06e403907e443f4",
    "spectrum": "04fb443eaee37b2e",
}
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


def oklab(rgb):
    """OKLab of a colour in linear sRGB (Ottosson, 2020)."""
    r, g, b = rgb
    cones = (
        0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
        0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
        0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
    )
    l, m, s = (cone ** (1 / 3) for cone in cones)  # noqa: E741
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def apart(one, other):
    """The mean distance in OKLab from a colour of one palette to the next one in the other."""
    here, there = ([oklab(linear(rgb)) for rgb in colours(name)[1::8]] for name in (one, other))
    return sum(min(math.dist(mine, lab) for lab in there) for mine in here) / len(here)


def test_the_first_palettes_have_the_colours_that_they_always_had():
    assert tuple(FIRST) == FIRST_NAMES == NAMES[: len(FIRST)]
    for name, digest in FIRST.items():
        assert hashlib.sha256(bytes(flat(name))).hexdigest().startswith(digest), name


def test_there_are_many_palettes_with_short_names():
    assert DEFAULT == "original"
    assert len(NAMES) >= 18
    assert max(map(len, NAMES)) <= 16
    assert set(NAMES) == {*FIRST_NAMES, *NEW_RAMPS, *LOOPS}


def test_no_two_palettes_are_nearly_the_same():
    for one, other in combinations(MADE, 2):
        assert max(apart(one, other), apart(other, one)) > 0.05, (one, other)


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_a_steady_pace(name):
    cycle = [oklab(linear(colour)) for colour in colours(name)[1:]]
    # Over four colours, since each is rounded to whole bytes.
    steps = [math.dist(lab, cycle[(i + 4) % len(cycle)]) for i, lab in enumerate(cycle)]
    mean = sum(steps) / len(steps)
    assert 0.65 * mean < min(steps)
    assert max(steps) < 1.25 * mean


@pytest.mark.parametrize("name", NEW_RAMPS)
def test_a_ramp_is_even_in_oklab_too(name):
    rise = [oklab(linear(colour))[0] for colour in colours(name)[1:129]]
    # Over eight colours, since each is rounded to whole bytes.
    steps = [after - before for before, after in zip(rise, rise[8:], strict=False)]
    assert max(steps) - min(steps) < 0.012


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
    for one, following in pairwise([*cycle, cycle[0]]):
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


@pytest.mark.parametrize("name", ["tides", "lapis"])
def test_the_blue_and_the_warm_half_differ_for_dichromats(name):
    cycle = colours(name)[1:]
    blue, warm = cycle[len(cycle) // 4], cycle[3 * len(cycle) // 4]
    for matrix in DICHROMATS.values():
        assert math.dist(seen_by(matrix, blue), seen_by(matrix, warm)) > 0.2


def test_no_hue_of_the_spectrum_is_lighter_than_another():
    levels = [lightness(linear(colour)) for colour in colours("spectrum")[1:]]
    assert max(levels) - min(levels) < 8
