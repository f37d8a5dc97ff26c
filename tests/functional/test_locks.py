# SPDX-License-Identifier: Apache-2.0
"""Locks on a server, which many want at the same time, and leaders of producers that are lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from faafo import errors
from faafo.db import engine as engines
from faafo.db import locks
from faafo.db.clock import moment
from faafo.db.url import parse_url
from tests.chaos.leadership import FEW_TAKE_OVERS, LEADING, TRANSPORT_URL, contend
from tests.chaos.site import Site
from tests.functional.processes import upgrade_database, wait_until

CONTENDERS = 8
ROUNDS = 5


@pytest.fixture
def engine(server_url):
    upgrade_database(server_url)
    url = parse_url(server_url)
    engine = create_engine(url, **engines.engine_options(url, 30, CONTENDERS))
    yield engine
    engine.dispose()


def acquire(engine: Engine, holder: str, ttl: float = 60) -> int:
    """Acquire a lock as soon as it is free; return the token."""

    def try_it() -> int:
        with Session(engine) as session:
            try:
                return locks.acquire(session, "a", holder, ttl).token
            except errors.LockConflict:
                return 0

    return wait_until(try_it, "the lock")


def test_of_many_that_want_a_lock_one_has_it_and_each_token_is_larger(engine) -> None:
    held, tokens = threading.Lock(), []

    def contend_for_it(number: int) -> None:
        for _ in range(ROUNDS):
            token = acquire(engine, f"contender {number}")
            assert held.acquire(blocking=False), "two hold it"
            tokens.append(token)
            held.release()
            with Session(engine) as session:
                locks.release(session, "a", token)

    with ThreadPoolExecutor(CONTENDERS) as contenders:
        list(contenders.map(contend_for_it, range(CONTENDERS)))
    assert tokens == list(range(1, CONTENDERS * ROUNDS + 1))


def test_what_is_stored_under_a_lock_is_stored_before_the_next_one_gets_it(engine) -> None:
    token, committed_at = acquire(engine, "first", ttl=1), []

    def take_over() -> float:
        acquire(engine, "second")
        return time.monotonic()

    with Session(engine) as session, ThreadPoolExecutor(1) as other:
        expires_at = locks.get(session, "a").expires_at
        locks.require(session, "a", token)
        second = other.submit(take_over)
        is_over = select(moment(-0.5) > expires_at)
        wait_until(lambda: session.scalar(is_over), "the lock to expire")
        committed_at.append(time.monotonic())
        session.commit()
        assert second.result() >= committed_at[0]


def test_sets_of_leaders_that_are_killed_or_frozen_never_overlap(tmp_path, server_url) -> None:
    with Site(tmp_path, server_url, TRANSPORT_URL, LEADING) as site:
        outcome = contend(site, Random(1), FEW_TAKE_OVERS, apis=1)
        print(outcome.summary())
        assert outcome.problems == []
        for member in site.of("producer"):
            assert not member.has_ended(), member.last_words()
