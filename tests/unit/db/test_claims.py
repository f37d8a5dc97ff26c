# SPDX-License-Identifier: Apache-2.0
"""How fractals are claimed, and how claims end."""

import pytest
from sqlalchemy import event

from faafo import errors
from faafo.db import claims, fractals, leases, outcomes
from faafo.db.leases import Release, Renewal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status

LEASE = 60.0
EXPIRED = -1.0
AT_ONCE = RetryPolicy(max_attempts=4, delay=0.0, longest_delay=0.0)
LATER = RetryPolicy(max_attempts=4, delay=60.0, longest_delay=60.0)
RESULT = {"checksum": "0" * 64, "duration": 0.5}


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def claim(session, count=1, by="me", lease=LEASE):
    return [(one.uuid, one.attempt) for one in claims.claim(session, by, count, lease, AT_ONCE)]


def release(session, uuid, attempt, by="me", fault=None, policy=AT_ONCE):
    return leases.release(session, by, [Release(Lease(uuid, attempt), fault)], policy)


def fail(session, uuid, times):
    """Fail the next ``times`` attempts of the oldest queued fractal."""
    for _ in range(times):
        ((claimed, attempt),) = claim(session)
        assert claimed == uuid
        outcomes.fail(session, Lease(uuid, attempt), "no", AT_ONCE)


def test_the_oldest_fractals_are_claimed_first_and_only_once(session, add):
    uuids = [add() for _number in range(5)]
    assert claim(session, 2) == [(uuids[0], 1), (uuids[1], 1)]
    assert claim(session, 9) == [(uuid, 1) for uuid in uuids[2:]]
    assert claim(session, 9) == []


def test_only_fractals_of_known_drawing_parameters_are_claimed(session, make_task):
    later, plain = (fractals.add(session, make_task(samples=samples)).uuid for samples in (2, 1))
    assert claim(session, 2) == [(plain, 1)]
    assert not claims.is_any_claimable(session)
    assert claims.is_any_claimable(session, claims.Terms(2))
    (claimed,) = claims.claim(session, "me", 2, LEASE, AT_ONCE, claims.Terms(2))
    assert (claimed.uuid, claimed.samples) == (later, 2)


def test_a_retried_fractal_keeps_its_place_in_the_queue(session, add):
    oldest, *others = [add() for _number in range(5)]
    fail(session, oldest, 1)
    assert claim(session, 2) == [(oldest, 2), (others[0], 1)]


def test_an_expired_lease_can_be_claimed_again_and_its_result_is_then_refused(session, add):
    uuid = add()
    claim(session, by="dead", lease=EXPIRED)
    assert claim(session) == [(uuid, 2)]
    with pytest.raises(errors.StaleAttempt, match="attempt: 1 of fractal"):
        outcomes.complete(session, Result(Lease(uuid, 1), RESULT))
    assert outcomes.complete(session, Result(Lease(uuid, 2), RESULT)).status == Status.COMPLETE


def test_an_expired_lease_is_a_failure_that_names_the_producer_and_the_time(session, add):
    uuid = add()
    claim(session, by="dead", lease=EXPIRED)
    claim(session)
    fractal = fractals.get(session, uuid)
    assert fractal.failures == 1
    assert fractal.fault.startswith("attempt 1 failed: the lease of producer dead expired at 20")


def test_a_fractal_whose_leases_always_expire_ends_in_error(session, add):
    uuid = add()
    for attempt in range(1, 5):
        assert claim(session, lease=EXPIRED) == [(uuid, attempt)]
    assert claim(session) == []
    assert fractals.get(session, uuid).status == Status.ERROR


def test_a_late_result_is_accepted_until_the_fractal_is_claimed_again(session, add):
    uuid = add()
    claim(session, lease=EXPIRED)
    assert outcomes.complete(session, Result(Lease(uuid, 1), RESULT)).status == Status.COMPLETE


def test_a_quarantined_fractal_is_leased_alone(session, add):
    quarantined = add()
    fail(session, quarantined, 2)
    others = [add() for _number in range(2)]
    assert claim(session, 9) == [(quarantined, 3)]
    assert claim(session, 9) == [(uuid, 1) for uuid in others]


def test_fractals_older_than_a_quarantined_one_are_leased_without_it(session, add):
    older, quarantined, younger = [add() for _number in range(3)]
    claim(session, 3)
    for uuid in (older, younger):
        release(session, uuid, 1)
    outcomes.fail(session, Lease(quarantined, 1), "no", AT_ONCE)
    claim(session, 3)
    for uuid in (older, younger):
        release(session, uuid, 2)
    outcomes.fail(session, Lease(quarantined, 2), "no", AT_ONCE)
    assert claim(session, 9) == [(older, 3)]
    assert claim(session, 9) == [(quarantined, 3)]
    assert claim(session, 9) == [(younger, 3)]


def test_only_the_holder_can_renew_and_release(session, add):
    uuid = add()
    claim(session)
    assert leases.renew(session, "thief", [Renewal(Lease(uuid, 1))], LEASE) == [uuid]
    assert leases.renew(session, "me", [Renewal(Lease(uuid, 2))], LEASE) == [uuid]
    assert release(session, uuid, 1, by="thief") == [uuid]
    assert leases.renew(session, "me", [Renewal(Lease(uuid, 1))], LEASE) == []
    assert release(session, uuid, 1) == []
    assert leases.renew(session, "me", [Renewal(Lease(uuid, 1))], LEASE) == [uuid]


def test_a_lost_lease_does_not_affect_the_others(session, add):
    uuids = [add() for _number in range(3)]
    claim(session, 3, lease=EXPIRED)
    fractals.remove(session, uuids[1])
    held = [Renewal(Lease(uuid, 1)) for uuid in uuids]
    assert leases.renew(session, "me", held, LEASE) == [uuids[1]]
    assert claim(session, 9) == []


def test_a_release_is_no_failure(session, add):
    uuid = add()
    for attempt in range(1, 10):
        assert claim(session) == [(uuid, attempt)]
        release(session, uuid, attempt)
    assert fractals.get(session, uuid).failures == 0


def test_a_release_with_a_fault_shows_it_and_waits(session, add):
    uuid = add()
    claim(session)
    assert release(session, uuid, 1, fault="the disk is full", policy=LATER) == []
    fractal = fractals.get(session, uuid)
    assert (fractal.status, fractal.fault, fractal.failures) == (
        Status.QUEUED,
        "the disk is full",
        0,
    )
    assert claim(session) == []


def test_a_renewal_records_progress_and_a_release_resets_it(session, add):
    uuid = add()
    claim(session)
    held = Renewal(Lease(uuid, 1), rows_done=17)
    assert leases.renew(session, "another producer", [held], LEASE) == [uuid]
    assert fractals.get(session, uuid).rows_done is None
    assert leases.renew(session, "me", [held], LEASE) == []
    assert fractals.get(session, uuid).rows_done == 17
    release(session, uuid, 1)
    assert fractals.get(session, uuid).rows_done is None


def test_progress_of_many_leases_is_recorded_in_one_transaction(session, add):
    uuids = [add() for _ in range(20)]
    claim(session, count=20)
    commits = []
    count = commits.append
    event.listen(session.get_bind(), "commit", count)
    held = [Renewal(Lease(uuid, 1), number) for number, uuid in enumerate(uuids)]
    assert leases.renew(session, "me", held, LEASE) == []
    event.remove(session.get_bind(), "commit", count)
    assert len(commits) == 2
    assert [fractals.get(session, uuid).rows_done for uuid in uuids] == list(range(20))
