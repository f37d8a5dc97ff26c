"""The colours of counts."""

import numpy as np
import pytest

from faafo.fractal.palette import COLOURS, PALETTE, colour_indexes
from faafo.fractal.task import MAX_INT32


def test_a_palette_has_three_values_for_each_of_its_colours():
    assert len(PALETTE) == 3 * COLOURS
    assert PALETTE[:6] == [0, 0, 0, 32, 16, 8]
    assert PALETTE[-3:] == [224, 240, 248]


@pytest.mark.parametrize("count", [*range(100), 255, 256, 65_535, 65_536, MAX_INT32 - 1])
def test_a_count_has_the_colour_of_the_formula(count):
    index = int(colour_indexes(np.array([[count]], np.int32))[0, 0])
    colour = (count % 8 * 32, count % 16 * 16, count % 32 * 8)
    assert tuple(PALETTE[3 * index : 3 * index + 3]) == colour


def test_indexes_are_bytes_in_the_shape_of_the_counts():
    indexes = colour_indexes(np.zeros((3, 5), np.int32))
    assert (indexes.dtype, indexes.shape) == (np.uint8, (3, 5))
