# SPDX-License-Identifier: Apache-2.0
"""From escape counts to indexes into a palette."""

import numpy as np
from numpy.typing import NDArray

from faafo.fractal import palette as palettes

# Colours change with the square root of the count: fast where orbits escape early and counts
# have few values, slowly close to the set, where they have many.
PACE = 16.0


def colour_indexes(counts: NDArray[np.int32], palette: str, iterations: int) -> NDArray[np.uint8]:
    """Return for each count the index of its colour in ``palette``: uint8, of the same shape.

    The original palette shows count i in colour i % 32. In the others colour 0 is for the last
    count, ``iterations`` - 1, which is the count of points that never escape; count i has colour
    1 + floor(16 √i) % 255. IEEE 754 rounds the square root correctly, so the floor is exact.

    :param counts: int32.
    """
    if palette == palettes.DEFAULT:
        indexes = counts.astype(np.uint8)
        indexes &= palettes.ORIGINAL_COLOURS - 1
        return indexes
    steps = (PACE * np.sqrt(counts)).astype(np.int64)
    indexes = (steps % palettes.CYCLE + 1).astype(np.uint8)
    indexes[counts == iterations - 1] = 0
    return indexes
