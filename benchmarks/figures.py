# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the report: percentiles, ratios of rounds, arrivals of an open-loop load."""

import random
import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of ``values``, from 0 to 1, does not exceed.

    Between two values it is interpolated: method 7 of Hyndman and Fan, "Sample Quantiles in
    Statistical Packages" (1996), the default of R and NumPy.

    :raises ValueError: when there is no value, or the share is not from 0 to 1.
    """
    if not values or not 0.0 <= share <= 1.0:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios of rounds: a disturbance that both met cancels out."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def arrivals(rate: float, count: int, seed: int) -> list[float]:
    """Return the seconds at which ``count`` independent users arrive: a Poisson process.

    :param rate: mean number of arrivals a second.
    """
    rng, moment, moments = random.Random(seed), 0.0, []
    for _ in range(count):
        moment += rng.expovariate(rate)
        moments.append(moment)
    return moments
