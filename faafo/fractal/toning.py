# SPDX-License-Identifier: Apache-2.0
"""Toning: density, offset and colour of the inside for a picture whose counts are roughly known."""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from faafo.fractal import palette as palettes
from faafo.fractal.oklab import Colour
from faafo.fractal.palette import DEFAULT

# The number of offsets that are tried.
OFFSETS = 24
# Cycles of the palette between the lowest and the highest counts of a picture.
CYCLES = (0.9, 1.5)
LEAST_DENSITY, MOST_DENSITY = 0.15, 4.0
# A colour is nearly black where no component exceeds this one, of 255.
DARK = 44
# The share of a picture that may be nearly black at no cost, and the cost of the rest.
SPARED, COST = 0.02, 3.0
# The mean lightness that is aimed at lies between these.
MOODS = (0.28, 0.54)
# Weights of red, green and blue in luminance (ITU-R BT.709).
WEIGHTS = (0.2126, 0.7152, 0.0722)


class Tone(NamedTuple):
    """How counts become colours; the fields of a ``Drawing`` of the same names."""

    offset: float
    density: float
    inside: str


class Scale(NamedTuple):
    """A palette by number of colour: its colours, and for each its lightness, and if it is dark."""

    colours: Sequence[Colour]
    levels: Sequence[float]
    darks: Sequence[bool]


def choose_tone(
    palette: str, near: Sequence[float], far: Sequence[float], rng: random.Random
) -> Tone:
    """Return a tone in which the set stands out from what is around it, and little is dark.

    :param near: fractional counts of points close to the set, spread evenly over the picture.
    :param far: those of the other points outside; one of the two may be empty.
    """
    scale = _scale(palette)
    size = len(scale.colours)
    places = [[_position(palette, count) for count in counts] for counts in (near, far)]
    all_places = sorted(places[0] + places[1])
    low, high = (all_places[int(part * (len(all_places) - 1))] for part in (0.04, 0.97))
    density = rng.uniform(*CYCLES) * size / max(1.0, high - low)
    density = round(min(MOST_DENSITY, max(LEAST_DENSITY, density)), 3)
    mood, start = rng.uniform(*MOODS), rng.random()

    def merit(offset: float) -> float:
        by_near, by_far = (
            [int(place * density + offset * size) % size for place in one] for one in places
        )
        return _merit(by_near, by_far, scale, mood)

    offset = max((round((start + i / OFFSETS) % 1.0, 3) for i in range(OFFSETS)), key=merit)
    return Tone(offset, density, _inside(scale))


def _scale(palette: str) -> Scale:
    colours = palettes.colours(palette)[palette != DEFAULT :]
    return Scale(
        colours,
        [_lightness(colour) for colour in colours],
        [max(colour) <= DARK for colour in colours],
    )


def _position(palette: str, count: float) -> float:
    """Return the number of the colour of a count, at density 1 and offset 0."""
    # As the fractional counts of pictures, it falls to 0 far away.
    count = count if count >= 1.0 else 1.0 / (2.0 - count)
    return count if palette == DEFAULT else 16.0 * math.sqrt(count)


def _lightness(colour: Colour) -> float:
    """Return about the lightness of a colour, from 0 to 1: the root of its luminance."""
    parts = zip(WEIGHTS, colour, strict=True)
    return math.sqrt(sum(weight * (part / 255) ** 2.2 for weight, part in parts))


def _merit(near: Sequence[int], far: Sequence[int], scale: Scale, mood: float) -> float:
    """Return how good a picture is whose points have these numbers of colours."""
    there = [scale.levels[i] for i in near], [scale.levels[i] for i in far]
    shown = there[0] + there[1]
    mean = sum(shown) / len(shown)
    contrast = math.sqrt(sum((level - mean) ** 2 for level in shown) / len(shown))
    edge = abs(_mean(there[0], mean) - _mean(there[1], mean))
    dark = sum(scale.darks[i] for one in (near, far) for i in one) / len(shown)
    return contrast + 0.7 * edge - abs(mean - mood) - COST * max(0.0, dark - SPARED)


def _mean(levels: Sequence[float], default: float) -> float:
    return sum(levels) / len(levels) if levels else default


def _inside(scale: Scale) -> str:
    """Return the darkest colour that is not nearly black, as ``Drawing`` writes it."""
    light = [i for i, is_dark in enumerate(scale.darks) if not is_dark]
    return "#" + bytes(scale.colours[min(light, key=lambda i: scale.levels[i])]).hex()
