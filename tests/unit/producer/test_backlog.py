# SPDX-License-Identifier: Apache-2.0
"""The backlog: how far ahead of its slots a producer claims."""

import pytest

from faafo.producer.backlog import SMALL, Backlog, Job
from faafo.producer.pace import AHEAD_SECONDS


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def backlog(now):
    return Backlog(lambda: now[0])


@pytest.fixture
def make_job(make_task):
    def make(failures=0, **changes):
        return Job.of({**make_task(**changes).model_dump(), "attempt": 1, "failures": failures})

    return make


def test_a_task_is_small_by_its_points_not_by_its_pixels(make_job):
    sides = {"width": 512, "height": 512, "iterations": SMALL // 512**2 // 4}
    assert make_job(**sides, samples=2).is_small
    assert not make_job(**sides, samples=3).is_small


def test_no_long_render_is_claimed_ahead(backlog, now):
    backlog.count_end()
    now[0] += 2 * AHEAD_SECONDS
    assert backlog.wanted(0) == 0
    assert backlog.wanted(3) == 3


def test_as_many_are_claimed_ahead_as_have_just_ended(backlog):
    for _ in range(40):
        backlog.count_end()
    assert backlog.wanted(2) == 42


def test_without_a_free_slot_and_without_a_backlog_nothing_is_claimed(backlog):
    for _ in range(40):
        backlog.count_end()
    assert backlog.wanted(0) == 0


def test_claims_come_in_batches(backlog, make_job):
    for _ in range(40):
        backlog.count_end()
    for _ in range(21):
        backlog.add(make_job())
    assert backlog.wanted(1) == 0
    backlog.take()
    assert backlog.wanted(1) == 21


def test_nothing_is_claimed_behind_a_quarantined_fractal(backlog, make_job):
    for _ in range(40):
        backlog.count_end()
    backlog.add(make_job(failures=2))
    assert backlog.wanted(2) == 0
    backlog.take()
    assert backlog.wanted(2) == 42


def test_jobs_keep_their_order_also_when_one_is_put_back(backlog, make_job):
    jobs = [make_job() for _ in range(3)]
    for job in jobs:
        backlog.add(job)
    backlog.put_back(backlog.take())
    assert [backlog.take() for _ in range(4)] == [*jobs, None]


def test_a_fractal_that_has_failed_twice_is_quarantined(make_job):
    assert [make_job(failures).quarantined for failures in (0, 1, 2, 3)] == [
        False,
        False,
        True,
        True,
    ]


def test_take_all_returns_the_jobs_in_their_order(backlog, make_job):
    jobs = [make_job() for _number in range(3)]
    for job in jobs:
        backlog.add(job)
    assert backlog.take_all() == jobs
    assert len(backlog) == 0


@pytest.mark.parametrize(
    ("batch_size", "free_slots", "taken"),
    [(1, 1, 0), (4, 1, 3), (100, 1, 9), (100, 2, 4), (100, 3, 3), (100, 20, 0), (100, 0, 9)],
)
def test_a_batch_leaves_the_other_free_slots_their_share(
    backlog, make_job, batch_size, free_slots, taken
):
    for _number in range(10):
        backlog.add(make_job())
    backlog.take()
    assert len(backlog.take_small(batch_size, free_slots)) == taken
    assert len(backlog) == 9 - taken


@pytest.mark.parametrize("different", [{"failures": 2}, {"iterations": SMALL}])
def test_a_batch_ends_before_a_job_that_travels_alone(backlog, make_job, different):
    small = [make_job(), make_job()]
    alone = make_job(**different)
    for job in [*small, alone, make_job()]:
        backlog.add(job)
    assert not alone.is_small
    assert backlog.take_small(100, 1) == small
    assert backlog.take() == alone
