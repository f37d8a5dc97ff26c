# SPDX-License-Identifier: Apache-2.0
"""Locks: who gets one, when it is lost, and what its token keeps from being stored."""

import pytest
from sqlalchemy import select, update

from faafo import errors
from faafo.db import locks, posting
from faafo.db.clock import moment
from faafo.db.locks import LockState
from faafo.db.models import Fractal
from faafo.db.operation_models import Lock
from faafo.fractal.locks import Fence


@pytest.fixture
def expire(session):
    """Makes all locks expire now."""

    def expire():
        session.execute(update(Lock).values(expires_at=moment()))
        session.commit()

    return expire


@pytest.fixture
def stored_tokens(session):
    def stored_tokens():
        return list(session.scalars(select(Fractal.lock_token).order_by(Fractal.id)))

    return stored_tokens


def test_a_lock_that_was_never_acquired_is_free(session):
    assert locks.get(session, "new") == LockState("new", None, 0, None)


def test_a_lock_is_held_by_one_until_it_is_released(session):
    held = locks.acquire(session, "a", "ada", 60)
    assert (held.holder, held.token) == ("ada", 1)
    assert locks.get(session, "a") == held
    with pytest.raises(errors.LockConflict, match=r"lock a: is held by 'ada' until 20.*Z"):
        locks.acquire(session, "a", "bob", 60)
    assert locks.acquire(session, "b", "bob", 60).token == 1
    locks.release(session, "a", 1)
    assert locks.get(session, "a") == LockState("a", None, 1, None)


def test_the_token_grows_with_each_acquisition(session, expire):
    locks.acquire(session, "a", "ada", 60)
    locks.release(session, "a", 1)
    assert locks.acquire(session, "a", "ada", 60).token == 2
    expire()
    assert locks.get(session, "a") == LockState("a", None, 2, None)
    assert locks.acquire(session, "a", "bob", 60).token == 3


def test_only_its_holder_extends_and_releases_a_lock(session):
    held = locks.acquire(session, "a", "ada", 60)
    assert locks.extend(session, "a", 1, 600).expires_at > held.expires_at
    for token in (2, 0):
        with pytest.raises(errors.LockConflict, match=f"lock a: is not held under token {token}"):
            locks.extend(session, "a", token, 60)
        with pytest.raises(errors.LockConflict):
            locks.release(session, "a", token)
    assert locks.get(session, "a").holder == "ada"


def test_a_lock_that_has_expired_is_neither_extended_nor_released(session, expire):
    locks.acquire(session, "a", "ada", 60)
    expire()
    with pytest.raises(errors.LockConflict):
        locks.extend(session, "a", 1, 60)
    with pytest.raises(errors.LockConflict):
        locks.release(session, "a", 1)


def test_names_are_compared_character_by_character(session):
    locks.acquire(session, "a", "ada", 60)
    assert locks.acquire(session, "A", "bob", 60).token == 1


def test_fractals_posted_under_a_lock_have_its_token(session, make_task, stored_tokens):
    locks.acquire(session, "generator", "ada", 60)
    posting.post(session, make_task(), fence=Fence("generator", 1))
    posting.post_all(session, [make_task(), make_task()], fence=Fence("generator", 1))
    posting.post_all(session, [make_task()])
    assert stored_tokens() == [1, 1, 1, None]


def test_the_token_of_another_lock_is_not_noted(session, make_task, stored_tokens):
    locks.acquire(session, "backup", "ada", 60)
    posting.post(session, make_task(), fence=Fence("backup", 1))
    assert stored_tokens() == [None]


@pytest.mark.parametrize("lose", ["expire", "release", "take over", "never acquired"])
def test_nothing_is_stored_under_a_lock_that_is_lost(
    session, make_task, stored_tokens, expire, lose
):
    if lose != "never acquired":
        locks.acquire(session, "generator", "ada", 60)
    if lose in ("expire", "take over"):
        expire()
    if lose == "release":
        locks.release(session, "generator", 1)
    if lose == "take over":
        locks.acquire(session, "generator", "bob", 60)
    for post in (
        lambda fence: posting.post(session, make_task(), fence=fence),
        lambda fence: posting.post_all(session, [make_task()], fence=fence),
    ):
        with pytest.raises(errors.StaleLock, match="lock generator: is not held under token 1"):
            post(Fence("generator", 1))
    assert stored_tokens() == []


def test_what_is_written_under_a_lock_changes_its_row(session, make_task):
    locks.acquire(session, "a", "ada", 60)
    before = session.execute(select(Lock.__table__)).one()
    posting.post_all(session, [make_task()], fence=Fence("a", 1))
    after = session.execute(select(Lock.__table__)).one()
    assert (before.token, before.expires_at) == (after.token, after.expires_at)
    assert before != after
