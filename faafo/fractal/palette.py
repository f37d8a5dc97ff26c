# SPDX-License-Identifier: Apache-2.0
"""Palettes: the colours of a picture, at most 256 RGB triples each.

The palettes other than ``original`` are built on lightness: along a ramp it rises evenly from dark
to light, and the palette goes up the ramp and down again, so that it repeats without a seam. A
reader with colour blindness sees each step, and a print in grey shows it, too. Colours are mixed in
OKLab, in which equal distances look equal (B. Ottosson, "A perceptual color space for image
processing", 2020, https://bottosson.github.io/posts/oklab/).

``cubehelix`` is the scheme of D. A. Green, "A colour scheme for the display of astronomical
intensity images", Bulletin of the Astronomical Society of India 39 (2011), 289, with its default
settings.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial

Colour = tuple[int, int, int]
# Lightness L from 0 to 1, and a (green to red) and b (blue to yellow), of OKLab.
Lab = tuple[float, float, float]

# The first colour of all palettes but the original one is for points that never escape.
INSIDE: Colour = (0, 0, 0)
# The number of the others, which repeat: with INSIDE they fill the palette of an indexed PNG.
CYCLE = 255
ORIGINAL_COLOURS = 32

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


def _original() -> list[Colour]:
    """Return the original faafo's colours: (i % 8 * 32, i % 16 * 16, i % 32 * 8) for count i."""
    return [(i % 8 * 32, i % 16 * 16, i % 32 * 8) for i in range(ORIGINAL_COLOURS)]


def _cycle(colour_at: Callable[[float], Colour]) -> list[Colour]:
    """Return INSIDE and a cycle of the colours ``colour_at(t)`` for 0 <= t < 1."""
    return [INSIDE, *(colour_at(i / CYCLE) for i in range(CYCLE))]


def _up_and_down(colour_at: Callable[[float], Colour]) -> list[Colour]:
    """Return the cycle that goes from ``colour_at(0)`` to ``colour_at(1)`` and back."""
    return _cycle(lambda t: colour_at(1.0 - abs(2.0 * t - 1.0)))


def _cubehelix(t: float) -> Colour:
    # Starts above black, which is for the inside: points that escape must differ from it.
    level = 0.08 + 0.9 * t
    angle = 2.0 * math.pi * (0.5 / 3.0 + 1.0 - 1.5 * level)
    amplitude = level * (1.0 - level) / 2.0
    cosine, sine = math.cos(angle), math.sin(angle)
    return _as_bytes(
        level + amplitude * (-0.14861 * cosine + 1.78277 * sine),
        level + amplitude * (-0.29227 * cosine - 0.90649 * sine),
        level + amplitude * 1.97294 * cosine,
    )


def _along(*anchors: Lab) -> Callable[[float], Colour]:
    """Return the colour at 0 <= t <= 1 of the way through ``anchors``, all legs equally long."""

    def colour_at(t: float) -> Colour:
        leg = min(int(t * (len(anchors) - 1)), len(anchors) - 2)
        part = t * (len(anchors) - 1) - leg
        start, end = anchors[leg], anchors[leg + 1]
        return _to_rgb(*((1.0 - part) * a + part * b for a, b in zip(start, end, strict=True)))

    return colour_at


def _hue(turn: float, lightness: float = 0.74, chroma: float = 0.12) -> Colour:
    """Return a colour of OKLab's circle of hues; ``turn`` is the angle as a part of 360°."""
    angle = 2.0 * math.pi * turn
    return _to_rgb(lightness, chroma * math.cos(angle), chroma * math.sin(angle))


def _to_rgb(lightness: float, a: float, b: float) -> Colour:
    """Return an OKLab colour in sRGB; components outside of the gamut are clipped."""
    lab = (lightness, a, b)
    cones = [_dot(row, lab) ** 3 for row in _TO_CONES]
    return _as_bytes(*(_encoded(_dot(row, cones)) for row in _TO_LINEAR))


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(row, column, strict=True))


def _encoded(linear: float) -> float:
    """Return a linear component as sRGB encodes it (IEC 61966-2-1)."""
    if linear <= 0.0031308:
        return 12.92 * max(0.0, linear)
    return 1.055 * linear ** (1 / 2.4) - 0.055


def _as_bytes(red: float, green: float, blue: float) -> Colour:
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in (red, green, blue))
    return red, green, blue


# name -> maker of its colours: called when needed, since it takes about a millisecond.
_MAKERS: dict[str, Callable[[], list[Colour]]] = {
    "original": _original,
    "cubehelix": partial(_up_and_down, _cubehelix),
    # From black through red and orange to the yellow of a flame.
    "ember": partial(
        _up_and_down,
        _along((0.16, 0.03, 0.01), (0.40, 0.14, 0.06), (0.65, 0.13, 0.12), (0.94, -0.02, 0.13)),
    ),
    # Deep water to a beach.
    "lagoon": partial(
        _up_and_down,
        _along(
            (0.18, 0.00, -0.07), (0.42, -0.04, -0.10), (0.68, -0.10, -0.02), (0.95, -0.02, 0.06)
        ),
    ),
    # Blue and yellow only, which most people with colour blindness can tell apart.
    "dawn": partial(
        _up_and_down,
        _along((0.20, -0.01, -0.10), (0.45, -0.01, -0.06), (0.70, 0.00, 0.04), (0.93, -0.02, 0.15)),
    ),
    "grey": partial(_up_and_down, _along((0.15, 0.0, 0.0), (0.98, 0.0, 0.0))),
    # Dark in the middle of each half: blue on the way down from white, red on the way up.
    "tides": partial(
        _cycle,
        _along(
            (0.93, 0.00, 0.01),
            (0.62, -0.03, -0.12),
            (0.25, 0.03, -0.08),
            (0.58, 0.14, 0.06),
            (0.93, 0.00, 0.01),
        ),
    ),
    # All hues at equal lightness: decorative, not for reading off values.
    "spectrum": partial(_cycle, _hue),
}
DEFAULT = "original"
NAMES = tuple(_MAKERS)
# Those that workers of all releases know.
FIRST_NAMES = (
    DEFAULT,
    "cubehelix",
    "ember",
    "lagoon",
    "dawn",
    "grey",
    "tides",
    "spectrum",
)


@cache
def colours(name: str) -> list[Colour]:
    """Return the colours of the palette ``name``; INSIDE is first in all but the original one."""
    return _MAKERS[name]()


def flat(name: str) -> list[int]:
    """Return the palette ``name`` as Pillow's ``putpalette`` takes it: r, g, b, r, g, b, ..."""
    return [component for colour in colours(name) for component in colour]
