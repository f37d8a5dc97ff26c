# SPDX-License-Identifier: Apache-2.0
"""Colours in OKLab, in which equal distances look equal, and paths through them.

B. Ottosson, "A perceptual color space for image processing", 2020,
https://bottosson.github.io/posts/oklab/.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

# Red, green and blue as sRGB encodes them, from 0 to 255.
Colour = tuple[int, int, int]
# Lightness L from 0 to 1, and a (green to red) and b (blue to yellow), of OKLab.
Lab = tuple[float, float, float]
Path = Callable[[float], Colour]

# From OKLab to the cube roots of cone responses, and from these to linear sRGB (Ottosson, 2020).
_TO_CONES = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_TO_LINEAR = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
# Points of a loop between which it is taken to be straight.
_POINTS = 1024


def along(*anchors: Lab) -> Path:
    """Return the colour at 0 <= t <= 1 of the way through ``anchors``, all legs equally long."""

    def colour_at(t: float) -> Colour:
        leg = min(int(t * (len(anchors) - 1)), len(anchors) - 2)
        part = t * (len(anchors) - 1) - leg
        return to_rgb(*_between(anchors[leg], anchors[leg + 1], part))

    return colour_at


def ramp(dark: float, light: float, *tints: tuple[float, float]) -> Path:
    """Return a path whose lightness rises evenly, and whose (a, b) bend through ``tints``."""
    ends = (tints[0], *tints, tints[-1])

    def colour_at(t: float) -> Colour:
        a, b = _spline(ends, t * (len(tints) - 1), len(tints) - 2)
        return to_rgb(dark + t * (light - dark), a, b)

    return colour_at


def loop(*anchors: Lab) -> Path:
    """Return a closed path that bends through ``anchors``, at a steady pace in OKLab.

    It passes through ``anchors[0]`` at t = 0 and at t = 1.
    """
    turn = (anchors[-1], *anchors, *anchors[:2])
    points = [
        _spline(turn, i / _POINTS * len(anchors), len(anchors) - 1) for i in range(_POINTS + 1)
    ]
    ways = [0.0, *accumulate(math.dist(one, following) for one, following in pairwise(points))]

    def colour_at(t: float) -> Colour:
        way = t * ways[-1]
        i = min(bisect_right(ways, way), _POINTS) - 1
        part = (way - ways[i]) / (ways[i + 1] - ways[i])
        lightness, a, b = _between(points[i], points[i + 1], part)
        return to_rgb(lightness, a, b)

    return colour_at


def hue(turn: float, lightness: float = 0.74, chroma: float = 0.12) -> Colour:
    """Return a colour of OKLab's circle of hues; ``turn`` is the angle as a part of 360°."""
    angle = 2.0 * math.pi * turn
    return to_rgb(lightness, chroma * math.cos(angle), chroma * math.sin(angle))


def to_rgb(lightness: float, a: float, b: float) -> Colour:
    """Return an OKLab colour in sRGB; components outside of the gamut are clipped."""
    lab = (lightness, a, b)
    cones = [_dot(row, lab) ** 3 for row in _TO_CONES]
    return as_bytes(*(_encoded(_dot(row, cones)) for row in _TO_LINEAR))


def as_bytes(red: float, green: float, blue: float) -> Colour:
    """Return components from 0 to 1 as a colour; those beyond are clipped."""
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in (red, green, blue))
    return red, green, blue


def _between(one: Sequence[float], other: Sequence[float], part: float) -> list[float]:
    return [(1.0 - part) * a + part * b for a, b in zip(one, other, strict=True)]


def _spline(points: Sequence[Sequence[float]], place: float, last: int) -> list[float]:
    """Return a point of the uniform Catmull-Rom spline through all but the outer ``points``.

    :param place: from 0, at ``points[1]``; each leg is 1 long.
    :param last: the number of the last leg, from 0.
    """
    leg = min(int(place), last)
    t = place - leg
    weights = (
        ((2.0 - t) * t - 1.0) * t / 2.0,
        ((3.0 * t - 5.0) * t * t + 2.0) / 2.0,
        ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
        (t - 1.0) * t * t / 2.0,
    )
    return [_dot(weights, parts) for parts in zip(*points[leg : leg + 4], strict=True)]


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(row, column, strict=True))


def _encoded(linear: float) -> float:
    """Return a linear component as sRGB encodes it (IEC 61966-2-1)."""
    if linear <= 0.0031308:
        return 12.92 * max(0.0, linear)
    return 1.055 * linear ** (1 / 2.4) - 0.055
