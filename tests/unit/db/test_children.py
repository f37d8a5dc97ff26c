# SPDX-License-Identifier: Apache-2.0
"""Parents and children: no parent waits for ever, whatever happens to it and its children."""

from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from faafo import errors
from faafo.db import batch, children, claims, fractals, joins, leases, outcomes, posting
from faafo.db.claims import Terms
from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.quota_models import Usage
from faafo.db.quotas import NO_LIMITS
from faafo.db.scope import EVERYTHING, NOBODY, Owner
from faafo.fractal.drawing import PARAMETER_VERSION, PARTS_PARAMETERS
from faafo.fractal.lease import Lease
from faafo.fractal.parts import divided
from faafo.fractal.task import UNFINISHED, Status

POLICY = RetryPolicy(max_attempts=2, delay=0.0, longest_delay=0.0)
ONCE = RetryPolicy(max_attempts=1, delay=0.0, longest_delay=0.0)
RESULT = {"checksum": "0" * 64, "duration": 0.5, "size": 7, "generated_by": "w"}
OWNER = Owner("blue", "ada")


@pytest.fixture
def post(session, make_task):
    """Posts a picture of 6 rows in bands; returns its uuid."""

    def post(count=3, owner=NOBODY, quota=NO_LIMITS):
        task = make_task(uuid=str(uuid4()))
        bands = divided(task.height, count)
        return posting.post(session, task, owner, False, quota, bands=bands)["uuid"]

    return post


def claim(session, count=100, policy=POLICY):
    return [
        Lease(one.uuid, one.attempt, one.token)
        for one in claims.claim(session, "me", count, 60.0, policy, Terms(PARAMETER_VERSION))
    ]


def complete(session, *leased):
    results = [Result(lease, RESULT, lease.token) for lease in leased]
    return batch.complete_all(session, "me", results)


def expire(session, *where):
    held = (*where, Fractal.status == Status.RENDERING, Fractal.claimed_by.is_not(None))
    session.execute(update(Fractal).where(*held).values(lease_expires_at=moment(-1.0)))
    session.commit()


def state(session, uuid):
    one = fractals.get(session, uuid)
    return one.status, one.open_children


def statuses(session, uuid):
    return [one.status for one in children.of(session, uuid)]


def used(session):
    one = session.execute(select(Usage.queued, Usage.fractals, Usage.bytes)).one()
    session.rollback()
    return tuple(one)


def test_the_last_result_queues_the_join_which_names_all_segments(session, post):
    uuid = post()
    assert claims.claim(session, "old", 9, 60.0, POLICY, Terms(PARTS_PARAMETERS - 1)) == []
    first, second, third = claim(session)
    assert state(session, uuid) == (Status.RENDERING, 3)
    assert complete(session, first, first) == complete(session, second) == []
    assert (state(session, uuid), claim(session)) == ((Status.RENDERING, 1), [])
    assert complete(session, third) == []
    assert state(session, uuid) == (Status.QUEUED, 0)
    (join,) = claim(session)
    assert join.uuid == uuid
    segments = joins.join_of(session, fractals.get(session, uuid)).segments
    assert [(one.uuid, one.token, one.rows) for one in segments] == [
        (one.uuid, one.token, 2) for one in (first, second, third)
    ]
    assert complete(session, join) == []
    assert (state(session, uuid), children.take_joined(session)) == ((Status.COMPLETE, 0), {uuid})
    assert joins.orphans(session, [(first.uuid, first.token)]) == [(first.uuid, first.token)]


def test_a_child_in_error_ends_the_parent_and_the_others_and_a_retry_needs_no_more(session, post):
    uuid = post(owner=OWNER)
    first, second, third = claim(session)
    complete(session, first)
    assert used(session) == (1, 1, 0)
    outcomes.fail(session, second, "no memory", ONCE)
    parent = fractals.get(session, uuid)
    assert parent.status == Status.ERROR
    assert parent.fault.endswith(f"{second.uuid}, a part of this picture, is in error: no memory")
    assert statuses(session, uuid) == [Status.COMPLETE, Status.ERROR, Status.ERROR]
    assert complete(session, third) == [third]
    assert leases.renew(session, "me", [leases.Renewal(third)], 60.0) == [third.uuid]
    assert (claim(session), used(session)) == ([], (0, 1, 0))
    with pytest.raises(errors.NothingToRetry, match=f"is a part of {uuid}"):
        outcomes.retry(session, second.uuid)
    outcomes.retry(session, uuid)
    assert (state(session, uuid), used(session)) == ((Status.RENDERING, 2), (1, 1, 0))
    again = claim(session)
    assert {one.uuid for one in again} == {second.uuid, third.uuid}
    complete(session, *again)
    complete(session, *claim(session))
    assert (state(session, uuid), used(session)) == ((Status.COMPLETE, 0), (0, 1, 7))


def test_an_expired_lease_of_a_child_can_end_its_parent(session, post):
    uuid = post()
    claim(session, count=1)
    expire(session)
    assert claim(session, policy=ONCE) == []
    assert state(session, uuid)[0] == Status.ERROR
    assert outcomes.retry_all_errors(session) == 1
    assert state(session, uuid) == (Status.RENDERING, 3)


def test_a_join_that_finds_no_segment_has_all_looked_for_again_and_any_other_does_not(
    session, post
):
    uuid = post()
    complete(session, *claim(session))
    (join,) = claim(session)
    outcomes.fail(session, join, "the store is full", ONCE)
    outcomes.retry(session, uuid)
    assert state(session, uuid) == (Status.QUEUED, 0)
    (join,) = claim(session)
    outcomes.fail(session, join, "RenderFailed: segment 1: that of x is lost", ONCE)
    outcomes.retry(session, uuid)
    assert state(session, uuid) == (Status.RENDERING, 3)
    # A late result of the join before would end it while its children are open.
    with pytest.raises(errors.StaleAttempt):
        outcomes.complete(session, Result(join, RESULT, join.token))
    complete(session, *claim(session))
    complete(session, *claim(session))
    assert state(session, uuid) == (Status.COMPLETE, 0)


def test_a_client_that_knows_no_attempts_completes_neither_a_parent_nor_a_child(session, post):
    uuid = post()
    for one in (uuid, claim(session)[0].uuid):
        with pytest.raises(errors.StaleAttempt, match="has parts or is one"):
            outcomes.complete_unfenced(session, one, RESULT)


def test_the_progress_of_a_parent_is_the_sum_of_its_childrens(session, post):
    uuid = post()
    first, second, _third = claim(session)
    leases.renew(session, "me", [leases.Renewal(first, 1), leases.Renewal(second, 2)], 60.0)
    assert fractals.get(session, uuid).rows_done == 3


def test_children_are_in_no_list_and_deleted_with_their_parent(session, post):
    uuid = post(owner=OWNER)
    assert session.scalars(select(Fractal.uuid).where(*EVERYTHING.where)).all() == [uuid]
    assert fractals.remove(session, uuid)
    assert session.scalars(select(Fractal)).all() == []
    assert used(session) == (0, 0, 0)


def act(session, rng, uuid, held):
    """Do something to a parent or a child at random, as services and users do."""
    deed = rng.choice(("claim", "complete", "complete", "fail", "expire", "release", "retry"))
    if deed == "claim":
        held += claim(session, rng.randint(1, 3))
    elif deed == "retry":
        outcomes.retry(session, uuid)
    elif deed == "expire" and held:
        where = Fractal.uuid == rng.choice(held).uuid
        expire(session, where)
    elif held:
        # What is chosen stays: the same may be reported again, too late.
        lease = rng.choice(held)
        if deed == "complete":
            complete(session, lease)
        elif deed == "fail":
            outcomes.fail(session, lease, "no", POLICY)
        elif deed == "release":
            leases.release(session, "me", [leases.Release(lease)], POLICY)


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_events_leaves_a_parent_waiting_or_a_child_behind(session, post, seed):
    rng = Random(seed)
    for _ in range(15):
        uuid, held = post(rng.randint(1, 3), OWNER), []
        for _ in range(rng.randint(3, 18)):
            try:
                act(session, rng, uuid, held)
            except (errors.StaleAttempt, errors.NothingToRetry):
                session.rollback()
        if rng.random() < 0.2:
            fractals.remove(session, uuid)
            assert statuses(session, uuid) == []
            continue
        left = [one for one in statuses(session, uuid) if one != Status.COMPLETE]
        status, open_ = state(session, uuid)
        assert open_ == len(left)
        if status == Status.ERROR:
            assert not set(left) & set(UNFINISHED)
            outcomes.retry(session, uuid)
        # From here on all goes well.
        for _ in range(4):
            session.execute(update(Fractal).values(failures=0))
            expire(session)
            while leased := claim(session):
                complete(session, *leased)
        assert state(session, uuid) == (Status.COMPLETE, 0)
    complete_ones = session.scalars(select(Fractal.uuid).where(*EVERYTHING.where)).all()
    assert used(session) == (0, len(complete_ones), 7 * len(complete_ones))
