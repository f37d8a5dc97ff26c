# SPDX-License-Identifier: Apache-2.0
"""Which fractals a claim takes first: priority, age, fair shares, and those that expire."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from faafo.db import batch, claims, fractals, leases, outcomes, posting, quotas, samples
from faafo.db.leases import Release
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.quotas import NO_LIMITS
from faafo.db.scheduling import Schedule
from faafo.db.scope import NOBODY, Owner
from faafo.fractal.lease import Lease
from faafo.fractal.scheduling import HIGHEST, LOWEST
from faafo.fractal.task import Status

POLICY = RetryPolicy(max_attempts=9, delay=0.0, longest_delay=0.0)
MANY, FEW = Owner("many", "ada"), Owner("few", "bob")
DAY = timedelta(days=1)


@pytest.fixture
def post(session, make_task):
    """Posts fractals at once; returns their uuids."""

    def post(count=1, owner=NOBODY, **schedule):
        tasks = [make_task() for _ in range(count)]
        each = {task.uuid: Schedule(**schedule) for task in tasks}
        return [one["uuid"] for one in posting.post_all(session, tasks, owner, schedules=each)]

    return post


@pytest.fixture
def claim(session):
    def claim(count=1, limit=0):
        return claims.claim(session, "me", count, 60.0, POLICY, claims.Terms(1, limit))

    return claim


@pytest.fixture
def complete(session):
    def complete(claimed):
        values = {"checksum": "0" * 64, "duration": 0.5, "size": 1}
        done = [Result(Lease(one.uuid, one.attempt, one.token), values) for one in claimed]
        batch.complete_all(session, "me", done)

    return complete


def now():
    return datetime.now(UTC).replace(tzinfo=None)


def uuids(claimed):
    return [one.uuid for one in claimed]


def test_higher_priorities_come_first_and_among_equals_the_oldest(post, claim):
    low, middle, other = post(priority=LOWEST), post(2), post(priority=1)
    (high,) = post(priority=HIGHEST)
    assert uuids(claim(9)) == [high, *other, *middle, *low]


def test_one_that_is_posted_alone_has_the_same_turn(session, make_task, post, claim):
    first = post()
    high = posting.post(session, make_task(), schedule=Schedule(priority=3))["uuid"]
    later = posting.post(session, make_task(), schedule=Schedule(not_before=now() + DAY))["uuid"]
    assert uuids(claim(9)) == [high, *first]
    assert fractals.get(session, later).status == Status.QUEUED


def test_what_has_waited_long_enough_is_not_passed_by_any_priority(session, post, claim, change):
    ageing = 100.0
    (oldest,) = post(priority=LOWEST, ageing=ageing)
    waited = timedelta(seconds=(HIGHEST - LOWEST) * ageing + 1)
    turn = fractals.get(session, oldest).turn_at
    (high,) = post(priority=HIGHEST, ageing=ageing)
    change(oldest, turn_at=turn - waited)
    assert uuids(claim(2)) == [oldest, high]


def test_without_ageing_priorities_change_nothing(post, claim):
    first = post(priority=LOWEST, ageing=0.0)
    high = post(priority=HIGHEST, ageing=0.0)
    assert uuids(claim(2)) == [*first, *high]


def test_nothing_is_claimed_before_its_time_nor_waits_until_then(session, post, claim, change):
    (later,) = post(not_before=now() + DAY, priority=HIGHEST)
    assert claim() == []
    assert not claims.is_any_claimable(session)
    assert samples.oldest_seconds(session) is None
    change(later, claimable_at=now(), turn_at=now())
    assert claims.is_any_claimable(session)
    assert uuids(claim()) == [later]


def test_a_retry_does_not_wait_for_the_time(session, post, claim):
    (later,) = post(not_before=now() + DAY)
    outcomes.retry(session, later)
    assert uuids(claim()) == [later]


@pytest.mark.parametrize("slots", [1, 4])
def test_two_projects_with_unequal_backlogs_get_equal_shares(post, claim, complete, slots):
    post(200, MANY, priority=HIGHEST)
    post(20, FEW)
    served = Counter()
    for _ in range(40 // slots):
        claimed = claim(slots)
        served.update(one.project_id for one in claimed)
        complete(claimed)
    assert served == {"many": 20, "few": 20}


def test_the_project_with_the_fewest_renders_comes_first(post, claim):
    post(20, MANY)
    claim(3)
    post(20, FEW)
    assert Counter(one.project_id for one in claim(5)) == {"few": 4, "many": 1}


def test_slots_that_one_project_cannot_use_go_to_others(post, claim):
    post(20, MANY)
    post(2, FEW)
    post(1)
    projects = [one.project_id for one in claim(20)]
    assert Counter(projects) == {"many": 17, "few": 2, None: 1}
    assert set(projects[:3]) == {"many", "few", None}


def test_a_project_has_no_more_renders_than_its_limit(session, post, claim, complete):
    post(9, MANY)
    post(2, FEW)
    first = claim(9, limit=3)
    assert Counter(one.project_id for one in first) == {"many": 3, "few": 2}
    assert claim(9, limit=3) == []
    assert not claims.is_any_claimable(session, claims.Terms(1, 3))
    complete([next(one for one in first if one.project_id == "many")])
    assert claims.is_any_claimable(session, claims.Terms(1, 3))
    assert len(claim(9, limit=3)) == 1
    post(4)
    assert [one.project_id for one in claim(9, limit=3)] == [None] * 4


def test_a_claim_looks_at_some_of_many_projects_and_the_next_one_at_others(
    post, claim, monkeypatch
):
    monkeypatch.setattr("faafo.db.shares.MOST_PROJECTS", 2)
    for number in range(5):
        post(1, Owner(f"waiting-{number}", "ada"), not_before=now() + DAY)
    post(1, FEW)
    found = [claim() for _ in range(4)]
    assert sum(map(len, found)) == 1


def test_what_has_not_begun_in_time_ends_in_error(session, post, claim):
    (overdue,) = post(owner=FEW, expires_at=now() - timedelta(seconds=1))
    assert claims.is_any_claimable(session)
    assert claim() == []
    record = fractals.get(session, overdue)
    assert (record.status, record.failures, record.attempt) == (Status.ERROR, 0, 0)
    assert record.fault.startswith("expired: its render had not begun by 20")
    assert quotas.get(session, "few", NO_LIMITS).usage.queued == 0
    assert not claims.is_any_claimable(session)
    outcomes.retry(session, overdue)
    assert uuids(claim()) == [overdue]


def test_a_render_that_has_begun_goes_on_after_its_deadline(session, post, claim, complete, change):
    post(2, expires_at=now() + DAY)
    released, goes_on = claim(2)
    for one in (released, goes_on):
        change(one.uuid, expires_at=now() - timedelta(seconds=1))
    leases.release(session, "me", [Release(Lease(released.uuid, 1))], POLICY)
    assert claim() == []
    complete([goes_on])
    statuses = dict(session.execute(select(Fractal.uuid, Fractal.status)).all())
    assert statuses == {goes_on.uuid: Status.COMPLETE, released.uuid: Status.ERROR}


def test_the_fault_of_an_attempt_is_told_when_no_other_has_begun_in_time(
    session, post, claim, change
):
    post(expires_at=now() + DAY)
    (failed,) = claim()
    outcomes.fail(session, Lease(failed.uuid, 1, failed.token), "the disk is full", POLICY)
    change(failed.uuid, expires_at=now() - timedelta(seconds=1))
    assert claim() == []
    fault = fractals.get(session, failed.uuid).fault
    assert fault.startswith("expired: no other attempt had begun by 20")
    assert fault.endswith("; the disk is full")
