# SPDX-License-Identifier: Apache-2.0
"""From escape counts to indexes into a palette."""

import numpy as np
from numpy.typing import NDArray

from faafo.fractal import palette as palettes
from faafo.fractal.drawing import Drawing
from faafo.fractal.palette import Colour

# Colours change with the square root of the count: fast where orbits escape early and counts
# have few values, slowly close to the set, where they have many.
PACE = 16.0


def colour_indexes(
    counts: NDArray[np.int32], drawing: Drawing, iterations: int
) -> NDArray[np.uint8]:
    """Return for each count the index of its colour in ``band_colours``: uint8, of the same shape.

    The original palette shows count i in colour i % 32. In the others colour 0 is for the last
    count, ``iterations`` - 1, which is the count of points that never escape; count i has colour
    1 + floor(16 √i) % 255. IEEE 754 rounds the square root correctly, so the floor is exact. The
    density of ``drawing`` multiplies i or √i; its offset is added as a part of the cycle.

    :param counts: int32.
    """
    is_original = drawing.palette == palettes.DEFAULT
    if is_original and drawing.density == 1 and drawing.offset == 0:
        indexes = counts.astype(np.uint8)
        indexes &= palettes.ORIGINAL_COLOURS - 1
    elif is_original:
        size = palettes.ORIGINAL_COLOURS
        steps = (counts * drawing.density + size * drawing.offset).astype(np.int64)
        indexes = (steps % size).astype(np.uint8)
    else:
        places = PACE * np.sqrt(counts) * drawing.density + palettes.CYCLE * drawing.offset
        indexes = (places.astype(np.int64) % palettes.CYCLE + 1).astype(np.uint8)
        indexes[counts == iterations - 1] = 0
    if is_original and drawing.inside is not None:
        indexes[counts == iterations - 1] = palettes.ORIGINAL_COLOURS
    return indexes


def band_colours(drawing: Drawing) -> list[Colour]:
    """Return the colours of ``drawing`` with bands: its palette, with its colour of the inside.

    That is the first one, or comes after those of the original palette.
    """
    colours = list(palettes.colours(drawing.palette))
    if drawing.inside is None:
        return colours
    if drawing.palette == palettes.DEFAULT:
        return [*colours, rgb(drawing.inside)]
    return [rgb(drawing.inside), *colours[1:]]


def smooth_colours(drawing: Drawing) -> tuple[list[Colour], Colour]:
    """Return the colours of the cycle of ``drawing``, and the one of the inside."""
    colours = list(palettes.colours(drawing.palette))
    inside = palettes.INSIDE if drawing.palette == palettes.DEFAULT else colours.pop(0)
    return colours, inside if drawing.inside is None else rgb(drawing.inside)


def smooth_scale(drawing: Drawing) -> tuple[bool, float]:
    """Return whether smooth colours change with the root of the count, and cycles at 1."""
    if drawing.palette == palettes.DEFAULT:
        return False, drawing.density / palettes.ORIGINAL_COLOURS
    return True, PACE * drawing.density / palettes.CYCLE


def rgb(text: str) -> Colour:
    """Return a colour written as #rrggbb."""
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue
