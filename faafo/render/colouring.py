# SPDX-License-Identifier: Apache-2.0
"""From escape counts to indexes into a palette."""

import numpy as np
from numpy.typing import NDArray

from faafo.fractal import palette as palettes

# Colours pass at the pace of the root of the count: quickly where orbits escape soon and counts
# have few values, slowly close to the set where they have many.
PACE = 16.0


def colour_indexes(counts: NDArray[np.int32], palette: str, iterations: int) -> NDArray[np.uint8]:
    """Return for each count the index of its colour in ``palette``: uint8, of the same shape.

    The original palette shows count i in colour i % 32. In the others colour 0 is for the last
    count, ``iterations`` - 1, which is what points have that never escape; count i has colour
    1 + floor(16 √i) % 255. The square root of IEEE 754 is exact enough for the floor to be so.

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
