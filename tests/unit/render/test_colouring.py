# SPDX-License-Identifier: Apache-2.0
"""The colours of counts."""

import math

import numpy as np
import pytest

from faafo.fractal.drawing import Drawing
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.palette import NAMES, colours
from faafo.render.colouring import colour_indexes

COUNTS = [*range(100), 255, 256, 1023, 1024, 65_535, 65_536, MAX_INT32 - 2]


def index_of(count, palette, iterations=MAX_INT32):
    return int(
        colour_indexes(np.array([[count]], np.int32), Drawing(palette=palette), iterations)[0, 0]
    )


@pytest.mark.parametrize("count", [*COUNTS, MAX_INT32 - 1])
def test_a_count_has_the_original_colour_of_the_formula(count):
    colour = (count % 8 * 32, count % 16 * 16, count % 32 * 8)
    assert colours("original")[index_of(count, "original")] == colour


@pytest.mark.parametrize("count", COUNTS)
def test_a_count_has_the_colour_of_its_root_in_other_palettes(count):
    assert index_of(count, "grey") == 1 + math.isqrt(256 * count) % 255


def test_the_last_count_has_the_first_colour_in_other_palettes():
    assert index_of(299, "ember", iterations=300) == 0
    assert index_of(298, "ember", iterations=300) != 0


@pytest.mark.parametrize("palette", NAMES)
def test_indexes_are_bytes_in_the_shape_of_the_counts(palette):
    indexes = colour_indexes(np.zeros((3, 5), np.int32), Drawing(palette=palette), 10)
    assert (indexes.dtype, indexes.shape) == (np.uint8, (3, 5))
