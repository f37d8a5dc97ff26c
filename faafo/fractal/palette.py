"""From escape counts to colours, the ones that the first faafo chose."""

import numpy as np

COLOURS = 32
# Count i has the colour (i % 8 * 32, i % 16 * 16, i % 32 * 8), which repeats after 32 counts.
PALETTE = [value for i in range(COLOURS) for value in (i % 8 * 32, i % 16 * 16, i % 32 * 8)]


def colour_indexes(counts: np.ndarray) -> np.ndarray:
    """Return for each count the index of its colour in ``PALETTE``: uint8, of the same shape."""
    indexes = counts.astype(np.uint8)
    indexes &= COLOURS - 1
    return indexes
