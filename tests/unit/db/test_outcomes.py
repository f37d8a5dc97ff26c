# SPDX-License-Identifier: Apache-2.0
"""Results and failures of attempts, and retries of fractals in error."""

import pytest

from faafo import errors
from faafo.db import claims, fractals, outcomes
from faafo.db.outcomes import Result, RetryPolicy
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status

AT_ONCE = RetryPolicy(max_attempts=3, delay=0.0, longest_delay=0.0)
ONLY_ONCE = RetryPolicy(max_attempts=1, delay=0.0, longest_delay=0.0)
RESULT = {"checksum": "0" * 64, "duration": 0.5}


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def claim(session, count=1):
    return [(one.uuid, one.attempt) for one in claims.claim(session, "me", count, 60.0, AT_ONCE)]


def set_to_error(session, uuid):
    ((claimed, attempt),) = claim(session)
    assert claimed == uuid
    outcomes.fail(session, Lease(uuid, attempt), "never", ONLY_ONCE)


def test_a_fractal_that_fails_too_often_ends_in_error_with_its_fault(session, add):
    uuid = add()
    for attempt in (1, 2):
        claim(session)
        assert outcomes.fail(session, Lease(uuid, attempt), "no", AT_ONCE).status == Status.QUEUED
    claim(session)
    fractal = outcomes.fail(session, Lease(uuid, 3), "never", AT_ONCE)
    assert (fractal.status, fractal.fault, fractal.attempt) == (Status.ERROR, "never", 3)
    assert claim(session) == []


def test_a_failure_of_a_finished_attempt_changes_nothing(session, add):
    uuid = add()
    claim(session)
    outcomes.complete(session, Result(Lease(uuid, 1), RESULT))
    with pytest.raises(errors.StaleAttempt):
        outcomes.fail(session, Lease(uuid, 1), "too late", AT_ONCE)
    assert fractals.get(session, uuid).status == Status.COMPLETE


def test_the_delay_doubles_up_to_its_limit_with_a_jitter_of_up_to_half():
    policy = RetryPolicy(max_attempts=99, delay=1.0, longest_delay=10.0)
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (5000, 10.0)):
        delays = {policy.delay_after(failures) for _ in range(100)}
        assert longest / 2 <= min(delays) < max(delays) <= longest


def test_a_failed_fractal_waits_for_its_delay(session, add):
    uuid = add()
    claim(session)
    outcomes.fail(session, Lease(uuid, 1), "no", RetryPolicy(3, 60.0, 60.0))
    assert claim(session) == []


def test_a_fractal_in_error_can_be_retried_and_its_failures_are_reset(session, add):
    uuid = add()
    set_to_error(session, uuid)
    fractal = outcomes.retry(session, uuid)
    assert (fractal.status, fractal.failures, fractal.fault) == (Status.QUEUED, 0, "never")
    assert claim(session) == [(uuid, 2)]
    assert outcomes.complete(session, Result(Lease(uuid, 2), RESULT)).fault is None


def test_a_fractal_that_waits_for_its_next_attempt_can_be_retried_at_once(session, add):
    uuid = add()
    claim(session)
    outcomes.fail(session, Lease(uuid, 1), "no", RetryPolicy(3, 60.0, 60.0))
    outcomes.retry(session, uuid)
    assert claim(session) == [(uuid, 2)]


def test_a_rendering_or_complete_fractal_cannot_be_retried(session, add):
    uuid = add()
    claim(session)
    with pytest.raises(errors.NothingToRetry, match="is rendering"):
        outcomes.retry(session, uuid)
    outcomes.complete(session, Result(Lease(uuid, 1), RESULT))
    with pytest.raises(errors.NothingToRetry, match="is complete"):
        outcomes.retry(session, uuid)
    fractals.remove(session, uuid)
    with pytest.raises(errors.FractalNotFound):
        outcomes.retry(session, uuid)


def test_all_fractals_in_error_can_be_retried(session, add):
    uuids = [add() for _number in range(5)]
    for uuid in uuids[:3]:
        set_to_error(session, uuid)
    assert outcomes.retry_all_errors(session, batch_size=2) == 3
    assert outcomes.retry_all_errors(session) == 0
    assert [uuid for uuid, _attempt in claim(session, 9)] == uuids


def test_a_result_that_arrives_twice_keeps_its_first_completion_time(session, make_task):
    uuid = fractals.add(session, make_task()).uuid
    first = outcomes.complete_unfenced(session, uuid, RESULT).completed_at
    assert first is not None
    assert outcomes.complete_unfenced(session, uuid, RESULT).completed_at == first
