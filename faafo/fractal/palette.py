# SPDX-License-Identifier: Apache-2.0
"""Palettes: the colours of a picture, at most 256 RGB triples each.

Most of the palettes are built on lightness: along a ramp it rises evenly from dark to light, and
the palette goes up the ramp and down again, so that it repeats without a seam. A reader with colour
blindness sees each step, and a print in grey shows it, too. Others are loops, which pass through
their colours at a steady pace. Colours are mixed in OKLab (``oklab``).

``cubehelix`` is the scheme of D. A. Green, "A colour scheme for the display of astronomical
intensity images", Bulletin of the Astronomical Society of India 39 (2011), 289, with its default
settings.
"""

import math
from collections.abc import Callable
from functools import cache, partial

from faafo.fractal.oklab import Colour, Lab, along, as_bytes, hue, loop, ramp

# The first colour of all palettes but the original one is for points that never escape.
INSIDE: Colour = (0, 0, 0)
# The number of the others, which repeat: with INSIDE they fill the palette of an indexed PNG.
CYCLE = 255
ORIGINAL_COLOURS = 32


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
    return as_bytes(
        level + amplitude * (-0.14861 * cosine + 1.78277 * sine),
        level + amplitude * (-0.29227 * cosine - 0.90649 * sine),
        level + amplitude * 1.97294 * cosine,
    )


def _ramp(dark: float, light: float, *tints: tuple[float, float]) -> Callable[[], list[Colour]]:
    return lambda: _up_and_down(ramp(dark, light, *tints))


def _loop(*anchors: Lab) -> Callable[[], list[Colour]]:
    return lambda: _cycle(loop(*anchors))


# name -> maker of its colours: called when needed, since it takes about a millisecond.
_MAKERS: dict[str, Callable[[], list[Colour]]] = {
    "original": _original,
    "cubehelix": partial(_up_and_down, _cubehelix),
    # From black through red and orange to the yellow of a flame.
    "ember": partial(
        _up_and_down,
        along((0.16, 0.03, 0.01), (0.40, 0.14, 0.06), (0.65, 0.13, 0.12), (0.94, -0.02, 0.13)),
    ),
    # Deep water to a beach.
    "lagoon": partial(
        _up_and_down,
        along((0.18, 0.00, -0.07), (0.42, -0.04, -0.10), (0.68, -0.10, -0.02), (0.95, -0.02, 0.06)),
    ),
    # Blue and yellow only, which most people with colour blindness can tell apart.
    "dawn": partial(
        _up_and_down,
        along((0.20, -0.01, -0.10), (0.45, -0.01, -0.06), (0.70, 0.00, 0.04), (0.93, -0.02, 0.15)),
    ),
    "grey": partial(_up_and_down, along((0.15, 0.0, 0.0), (0.98, 0.0, 0.0))),
    # Dark in the middle of each half: blue on the way down from white, red on the way up.
    "tides": partial(
        _cycle,
        along(
            (0.93, 0.00, 0.01),
            (0.62, -0.03, -0.12),
            (0.25, 0.03, -0.08),
            (0.58, 0.14, 0.06),
            (0.93, 0.00, 0.01),
        ),
    ),
    # All hues at equal lightness: decorative, not for reading off values.
    "spectrum": partial(_cycle, hue),
    # Night, a red sky, the sun.
    "sunset": _ramp(
        0.20, 0.95, (0.02, -0.10), (0.12, -0.09), (0.19, 0.04), (0.08, 0.12), (-0.01, 0.09)
    ),
    # The blue of deep ice, then snow.
    "glacier": _ramp(0.17, 0.98, (0.00, -0.06), (-0.02, -0.13), (-0.06, -0.09), (-0.012, -0.005)),
    # The ground of a wood, leaves, light between them.
    "moss": _ramp(0.17, 0.96, (-0.02, 0.02), (-0.07, 0.05), (-0.11, 0.12), (-0.06, 0.13)),
    "amethyst": _ramp(0.16, 0.96, (0.05, -0.09), (0.11, -0.18), (0.11, -0.12), (0.01, 0.02)),
    "rose": _ramp(0.18, 0.96, (0.07, 0.02), (0.17, 0.04), (0.15, 0.01), (0.015, 0.012)),
    "sepia": _ramp(0.16, 0.96, (0.02, 0.02), (0.04, 0.06), (0.03, 0.09), (0.0, 0.04)),
    # Blue to white, gold, brown and back.
    "lapis": _loop(
        (0.22, 0.00, -0.12),
        (0.50, -0.02, -0.18),
        (0.80, -0.05, -0.07),
        (0.95, -0.01, 0.03),
        (0.80, 0.03, 0.14),
        (0.52, 0.08, 0.10),
        (0.22, 0.04, 0.02),
    ),
    # Green and violet curtains in the night.
    "aurora": _loop(
        (0.20, 0.01, -0.08),
        (0.45, -0.07, -0.05),
        (0.75, -0.13, 0.06),
        (0.93, -0.11, 0.09),
        (0.68, -0.06, -0.08),
        (0.42, 0.10, -0.15),
    ),
    "peacock": _loop(
        (0.24, 0.01, -0.10),
        (0.46, -0.05, -0.09),
        (0.66, -0.095, 0.01),
        (0.84, -0.05, 0.15),
        (0.62, 0.07, 0.11),
        (0.36, 0.12, -0.02),
    ),
    # Gas and young stars.
    "nebula": _loop(
        (0.20, 0.04, -0.10),
        (0.42, 0.16, -0.12),
        (0.62, 0.19, 0.03),
        (0.82, 0.04, 0.12),
        (0.94, -0.03, 0.03),
        (0.72, -0.07, -0.10),
        (0.42, -0.01, -0.16),
    ),
    # Copper and its patina.
    "patina": _loop(
        (0.22, 0.03, 0.02),
        (0.50, 0.10, 0.09),
        (0.76, 0.07, 0.09),
        (0.92, -0.01, 0.04),
        (0.72, -0.09, -0.01),
        (0.42, -0.06, -0.02),
    ),
    # Pale colours only, all of them light.
    "opal": _loop(
        (0.90, 0.05, 0.01),
        (0.95, -0.01, 0.05),
        (0.88, -0.08, 0.03),
        (0.82, -0.05, -0.06),
        (0.74, 0.05, -0.11),
        (0.82, 0.11, -0.03),
    ),
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
