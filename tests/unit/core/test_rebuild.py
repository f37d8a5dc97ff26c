# SPDX-License-Identifier: Apache-2.0
"""Writing the states of recent jobs anew: which of them, page by page, and until it is stopped."""

import threading
from datetime import datetime, timedelta

import pytest

from faafo import errors
from faafo.core import rebuild as module
from faafo.core.rebuild import rebuild
from faafo.db import claims, db, fractals
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy

POLICY = RetryPolicy(1, 0.0, 0.0)
LONG_AGO = datetime(2020, 1, 1)


class Known:
    """Keeps states in memory."""

    def __init__(self):
        self.states = {}

    def apply(self, states):
        self.states |= {one.uuid: one for one in states}
        return len(states)


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def posted(session, make_task):
    """The uuids of seven fractals."""
    return [fractals.add(session, make_task()).uuid for _ in range(7)]


def ignore(_total, _part):
    pass


def run(session, known, progress=ignore, stop=None):
    return rebuild(session, known, 3600, stop or threading.Event(), progress)


def test_the_states_are_those_of_the_records(session, known, posted):
    (claimed,) = claims.claim(session, "me", 1, 60, POLICY)
    uuid = claimed.uuid
    assert run(session, known) == 7
    assert {one.status for one in known.states.values()} == {"queued", "rendering"}
    assert known.states[uuid].attempt == 1
    assert sorted(known.states) == sorted(posted)


def test_a_job_that_has_not_changed_lately_is_left_out(session, known, posted):
    times = ("created_at", "claimed_at", "claimable_at", "completed_at")
    for fractal in session.query(Fractal):
        for name in times:
            setattr(fractal, name, LONG_AGO)
    for uuid, name in zip(posted, times, strict=False):
        setattr(fractals.get(session, uuid), name, datetime.now(tz=None))
        session.commit()
    assert run(session, known) == 4
    assert sorted(known.states) == sorted(posted[:4])


def test_pages_are_small_and_their_progress_is_told(session, known, posted, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 3)
    told = []
    run(session, known, lambda *some: told.append(some))
    assert told == [(3, pytest.approx(3 / 7)), (6, pytest.approx(6 / 7)), (7, 1.0)]


def test_it_can_be_stopped(session, known, posted, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 2)
    stop = threading.Event()
    assert run(session, known, lambda *_: stop.set(), stop) == 2


def test_without_a_fractal_there_is_nothing_to_do(session, known):
    assert run(session, known) == 0


def test_no_transaction_is_open_while_redis_is_asked(session, posted):
    class Curious(Known):
        def apply(self, states):
            assert not db.session().in_transaction()
            return super().apply(states)

    assert run(session, Curious()) == 7


def test_a_redis_that_is_away_ends_it(session, posted):
    class Away:
        def apply(self, states):
            raise errors.RedisUnavailable("it is away")

    with pytest.raises(errors.RedisUnavailable):
        run(session, Away())


def test_a_state_that_is_read_later_replaces_one_that_was_read_before(session, known, posted):
    run(session, known)
    before = known.states[posted[0]]
    assert before.moment - before.created_at < timedelta(minutes=1)
    run(session, known)
    assert known.states[posted[0]].order >= before.order
