# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the benchmarks."""

import statistics

import pytest

from benchmarks.figures import arrivals, median_ratio, percentile


def test_a_percentile_is_interpolated_between_the_values_beside_it():
    values = [40.0, 10.0, 30.0, 20.0]
    assert percentile(values, 0.0) == 10.0
    assert percentile(values, 0.5) == 25.0
    assert percentile(values, 0.99) == pytest.approx(39.7)
    assert percentile(values, 1.0) == 40.0
    assert percentile([7.0], 0.95) == 7.0


def test_percentiles_are_those_of_the_standard_library():
    values = [float(number * number % 101) for number in range(60)]
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    assert [percentile(values, number / 100) for number in range(1, 100)] == pytest.approx(cuts)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_there_is_no_percentile_of_nothing_or_beyond_the_values(values, share):
    with pytest.raises(ValueError, match=f"no percentile {share}"):
        percentile(values, share)


def test_a_disturbance_that_both_met_cancels_out_in_the_ratio():
    assert median_ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == 2.0


def test_arrivals_have_the_mean_rate_and_do_not_keep_step():
    moments = arrivals(rate=50.0, count=5000, seed=1)
    assert moments == arrivals(rate=50.0, count=5000, seed=1)
    pauses = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert min(pauses) >= 0
    assert moments[-1] == pytest.approx(100.0, rel=0.05)
    # The deviation of an exponential distribution is its mean.
    assert statistics.stdev(pauses) == pytest.approx(0.02, rel=0.1)
