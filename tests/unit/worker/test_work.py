# SPDX-License-Identifier: Apache-2.0
"""What a worker has done."""

import pytest

from faafo.worker.work import LATEST, QUARTER, WorkDone


@pytest.fixture
def work(clock):
    return WorkDone(clock)


def test_a_worker_that_has_done_nothing_has_no_median(work):
    nothing = {"done": 0, "done_1": 0, "done_15": 0, "median_seconds": None}
    assert work.members() == nothing


def test_renders_are_counted_since_the_start_in_15_minutes_and_in_one(work, clock):
    for now in (0.0, 200.0, 200.5, QUARTER + 100.0):
        clock.now = now
        work.record(1.0)
    assert work.members() == {"done": 4, "done_1": 1, "done_15": 3, "median_seconds": 1.0}


def test_the_median_is_that_of_the_latest_renders(work):
    work.record(1000.0)
    for seconds in range(LATEST):
        work.record(float(seconds))
    assert work.members()["median_seconds"] == LATEST // 2


def test_the_counts_take_no_more_memory_after_years(work, clock):
    for now in range(3 * QUARTER):
        clock.now = float(now)
        work.record(1.0)
    assert len(work._ends) == QUARTER
    assert work.members()["done_15"] == QUARTER
