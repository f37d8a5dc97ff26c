# SPDX-License-Identifier: Apache-2.0
"""Lanes: each has the result of the same operation on a single number."""

import numba
import numpy as np
import pytest

from faafo.render.lanes import (
    LANES,
    WIDTH,
    align_stack,
    append,
    choose,
    count,
    lane_numbers,
    load,
    splat,
    store,
)


@pytest.fixture
def numbers():
    rng = np.random.default_rng(1)
    return rng.normal(size=LANES), rng.normal(size=LANES)


@numba.njit
def compute(a, b, out):
    x, y = load(a, 0), load(b, 0)
    value = (x - y) * x + splat(0.1)
    chosen = choose((x <= y) & ~(x < splat(0.0)), value, x)
    append(out, 0, chosen, lane_numbers() < splat(LANES))


def test_operators_round_as_those_of_single_numbers_do(numbers):
    a, b = numbers
    out = np.zeros(LANES + WIDTH)
    compute(a, b, out)
    expected = np.where((a <= b) & ~(a < 0), (a - b) * a + 0.1, a)
    assert out[:LANES].tolist() == expected.tolist()


@numba.njit
def keep_smaller(a, limit, out):
    chosen = load(a, 0) < splat(limit)
    append(out, 1, load(a, 0), chosen)
    return count(chosen)


@pytest.mark.parametrize("limit", [-9.0, -1.0, 0.0, 0.5, 9.0])
def test_append_stores_the_chosen_lanes_contiguously(numbers, limit):
    a, _b = numbers
    out = np.full(LANES + WIDTH + 1, 99.0)
    kept = keep_smaller(a, limit, out)
    assert out[0] == 99.0
    assert out[1 : kept + 1].tolist() == a[a < limit].tolist()


def test_comparison_with_nan_does_not_hold(numbers):
    a, _b = numbers
    a[3] = np.nan
    assert keep_smaller(a, np.inf, np.zeros(LANES + WIDTH + 1)) == LANES - 1


@numba.njit
def number_from(first, out):
    store(out, 2, lane_numbers() + splat(first))


@pytest.mark.parametrize("first", [0, -5, 2**31 - LANES])
def test_integers_are_stored_as_32_bits(first):
    out = np.zeros(LANES + 3, np.int32)
    number_from(first, out)
    assert out.tolist() == [0, 0, *range(first, first + LANES), 0]


@numba.njit
def nothing_on_an_aligned_stack():
    align_stack()


def test_the_stack_is_aligned_to_a_register():
    nothing_on_an_aligned_stack()
    (code,) = nothing_on_an_aligned_stack.inspect_llvm().values()
    assert f"alignstack({8 * WIDTH})" in code or f"alignstack={8 * WIDTH}" in code
