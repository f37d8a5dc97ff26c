"""The life of a fractal, step by step."""

from datetime import timedelta

import pytest

from faafo import errors
from faafo.db import claims, fractals
from faafo.db.claims import RetryPolicy
from faafo.fractal.task import Status

LEASE = timedelta(seconds=60)
EXPIRED = timedelta(seconds=-1)
AT_ONCE = RetryPolicy(max_attempts=3, delay=0.0, longest_delay=0.0)
RESULT = {"checksum": "0" * 64, "duration": 0.5}


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def claim(session, count=1, by="me", lease=LEASE):
    return [(one.uuid, one.attempt) for one in claims.claim(session, by, count, lease)]


def test_the_oldest_fractals_are_claimed_first_and_only_once(session, add):
    uuids = [add() for _number in range(5)]
    assert claim(session, 2) == [(uuids[0], 1), (uuids[1], 1)]
    assert claim(session, 9) == [(uuid, 1) for uuid in uuids[2:]]
    assert claim(session, 9) == []


def test_an_expired_lease_can_be_claimed_again_and_its_result_comes_too_late(session, add):
    uuid = add()
    claim(session, by="dead", lease=EXPIRED)
    assert claim(session) == [(uuid, 2)]
    with pytest.raises(errors.StaleAttempt, match="attempt: 1 of fractal"):
        claims.complete(session, uuid, 1, RESULT)
    assert claims.complete(session, uuid, 2, RESULT).status == Status.COMPLETE


def test_only_the_holder_can_renew_and_release(session, add):
    uuid = add()
    claim(session)
    assert not claims.renew(session, "thief", uuid, 1, LEASE)
    assert not claims.renew(session, "me", uuid, 2, LEASE)
    assert not claims.release(session, "thief", uuid, 1)
    assert claims.renew(session, "me", uuid, 1, LEASE)
    assert claims.release(session, "me", uuid, 1)
    assert not claims.renew(session, "me", uuid, 1, LEASE)


def test_a_release_is_no_failure(session, add):
    uuid = add()
    for attempt in range(1, 10):
        assert claim(session) == [(uuid, attempt)]
        claims.release(session, "me", uuid, attempt)
    assert fractals.get(session, uuid).failures == 0


def test_a_fractal_that_fails_too_often_is_given_up_with_its_fault(session, add):
    uuid = add()
    for attempt in (1, 2):
        claim(session)
        assert claims.fail(session, uuid, attempt, "no", AT_ONCE).status == Status.QUEUED
    claim(session)
    fractal = claims.fail(session, uuid, 3, "never", AT_ONCE)
    assert (fractal.status, fractal.fault, fractal.attempt) == (Status.ERROR, "never", 3)
    assert claim(session) == []


def test_a_failure_of_an_attempt_that_is_over_changes_nothing(session, add):
    uuid = add()
    claim(session)
    claims.complete(session, uuid, 1, RESULT)
    with pytest.raises(errors.StaleAttempt):
        claims.fail(session, uuid, 1, "too late", AT_ONCE)
    assert fractals.get(session, uuid).status == Status.COMPLETE


def test_the_delay_doubles_up_to_its_bound():
    policy = RetryPolicy(max_attempts=99, delay=1.0, longest_delay=10.0)
    delays = [policy.delay_after(failures).total_seconds() for failures in (1, 2, 3, 4, 5, 5000)]
    assert delays == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_failed_fractal_waits_for_its_delay(session, add):
    uuid = add()
    claim(session)
    claims.fail(session, uuid, 1, "no", RetryPolicy(3, 60.0, 60.0))
    assert claim(session) == []
