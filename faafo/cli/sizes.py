# SPDX-License-Identifier: Apache-2.0
"""The sizes of posters and films: by name, or as WIDTHxHEIGHT."""

import re
from argparse import ArgumentTypeError
from typing import NamedTuple

from faafo.fractal.numbers import MAX_INT32

_SIDES = re.compile("([0-9]{1,10})x([0-9]{1,10})")
# Of paper in portrait: DIN EN ISO 216, at 300 dots an inch of 25.4 mm.
_PAPER = {"a4": (210, 297), "a3": (297, 420), "a2": (420, 594), "a1": (594, 841), "a0": (841, 1189)}
_SCREENS = {
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "4k": (3840, 2160),
    "8k": (7680, 4320),
    "16k": (15_360, 8640),
}
_LANDSCAPE = "-landscape"


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def _pixels(millimetres: int) -> int:
    return round(millimetres * 300 / 25.4)


SIZES = {name: Size(*sides) for name, sides in _SCREENS.items()}
for _name, (_short, _long) in _PAPER.items():
    SIZES[_name] = Size(_pixels(_short), _pixels(_long))
    SIZES[_name + _LANDSCAPE] = Size(_pixels(_long), _pixels(_short))


def size(text: str) -> Size:
    """Return the size that a name means, or a text such as 20000x15000."""
    if (named := SIZES.get(text.lower())) is not None:
        return named
    found = _SIDES.fullmatch(text)
    if found and all(1 <= int(side) <= MAX_INT32 for side in found.groups()):
        return Size(*map(int, found.groups()))
    raise ArgumentTypeError(
        f"must be WIDTHxHEIGHT in pixels, such as 20000x15000, each from 1 to {MAX_INT32}, or one "
        f"of {', '.join(SIZES)}, not {text!r:.60}"
    )
