# SPDX-License-Identifier: Apache-2.0
"""Colours as amounts of linear light, of which means are taken.

Tables come from the definition of sRGB (IEC 61966-2-1). They are the same on every machine: each
entry is a rounded number that lies far enough from the middle between two integers, or the limit of
one, for the last bits of a power not to matter (the tests hold this).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from faafo.fractal.palette import Colour
from faafo.render.jit import compiled, inlined

# Linear light has 16 bits. Three components share an integer, with room for the sum of 16 points.
FULL = 65_535
FIELD = 21
# A cycle of smooth colours has this number of steps: half a step is less than rounding to 8 bits.
STEPS = 16_384
INSIDE = STEPS


@cache
def decoded() -> list[int]:
    """Return the linear light of each of the 256 values of a component."""
    return [round(FULL * _linear(value / 255.0)) for value in range(256)]


@cache
def encoded() -> NDArray[np.uint8]:
    """Return the value of a component for each linear light from 0 to FULL."""
    limits = [round(FULL * _linear((value + 0.5) / 255.0)) for value in range(255)]
    return np.searchsorted(limits, np.arange(FULL + 1), "left").astype(np.uint8)


def _linear(component: float) -> float:
    if component <= 0.04045:
        return component / 12.92
    return ((component + 0.055) / 1.055) ** 2.4


def packed(colours: Sequence[Colour]) -> NDArray[np.int64]:
    """Return each of ``colours`` as one integer of linear light."""
    light = np.array(decoded(), np.int64)[np.array(colours, np.int64)]
    return _pack(light)


def smooth_table(cycle: Sequence[Colour], inside: Colour) -> NDArray[np.int64]:
    """Return the packed light of STEPS steps of the ``cycle``, and of ``inside`` after them.

    Between neighbouring colours, of which the last and the first are two, light changes linearly.
    """
    light = np.array(decoded(), np.int64)[np.array([*cycle, cycle[0]], np.int64)]
    # In integers: position k · colours / STEPS, and its part of a whole with STEPS parts.
    place = np.arange(STEPS, dtype=np.int64) * len(cycle)
    first, part = (place // STEPS)[:, None], (place % STEPS)[:, None]
    mixed = (light[first[:, 0]] * (STEPS - part) + light[first[:, 0] + 1] * part) // STEPS
    return np.append(_pack(mixed), packed([inside]))


def _pack(light: NDArray[np.int64]) -> NDArray[np.int64]:
    return light[..., 0] << 2 * FIELD | light[..., 1] << FIELD | light[..., 2]


@compiled
def smooth_indexes(
    counts: NDArray[np.float64],
    indexes: NDArray[np.uint16],
    is_root: bool,
    cycles: float,
    offset: float,
) -> None:
    """Store in ``indexes`` the step of the cycle of each fractional count; both are flat.

    The position in cycles is ``cycles`` · ν + ``offset``, or that of √ν when ``is_root``.
    """
    for i in range(counts.size):
        count = counts[i]
        even = abs(count)
        even = np.sqrt(even) if is_root else even
        step = np.int64((even * cycles + offset) * STEPS) & (STEPS - 1)
        indexes[i] = INSIDE if count < 0.0 else step


@compiled
def blend(
    indexes: NDArray[np.uint16],
    table: NDArray[np.int64],
    encode: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> None:
    """Store in ``out``, shape (rows, columns, 3), the means of the points of each pixel.

    ``indexes``, s times as many rows and columns, point into ``table`` of packed light; ``encode``
    is ``encoded()``. Means are rounded to the nearest integer, halves upwards.
    """
    rows, columns, _ = out.shape
    s = indexes.shape[1] // columns
    # n // s² for all n < 2^21, as a product: the error of the factor is too small to matter.
    parts = s * s
    factor = (1 << 32) // parts + 1
    field = (1 << FIELD) - 1
    light = np.empty(columns, np.int64)
    for row in range(rows):
        light[:] = 0
        for j in range(s):
            _add(light, indexes[row * s + j], table, s)
        for column in range(columns):
            for component in range(3):
                total = (light[column] >> (2 - component) * FIELD & field) + parts // 2
                out[row, column, component] = encode[total * factor >> 32]


@inlined
def _add(light, points, table, s):
    """Add to the ``light`` of each pixel of a row that of a row of ``points``."""
    if s == 2:
        # The same, without a loop for each pixel.
        for column in range(light.size):
            light[column] += table[points[2 * column]] + table[points[2 * column + 1]]
    else:
        for column in range(light.size):
            for i in range(s):
                light[column] += table[points[column * s + i]]
