# SPDX-License-Identifier: Apache-2.0
"""Counting fractals without reading all of them each time."""

import pytest
from sqlalchemy import event

from faafo.db import db, fractals
from faafo.db.counts import RECOUNT_SECONDS, Counts


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counts(clock):
    return Counts(clock, margin=0)


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def test_it_knows_of_new_ones_and_of_deleted_ones_at_once(session, counts, add, clock):
    assert counts.total(session) == 0
    uuids = [add() for _ in range(3)]
    assert counts.total(session) == 3
    fractals.remove(session, uuids[1])
    assert counts.total(session) == 2
    for _ in range(4):
        clock.now += RECOUNT_SECONDS
        add()
        assert counts.total(session) == fractals.page(session, size=9, counts=Counts()).total
    fractals.remove(session, uuids[0])
    assert counts.total(session) == 5


def test_two_of_them_agree_whoever_deletes(session, counts, add):
    other = Counts()
    uuid = add()
    assert (counts.total(session), other.total(session)) == (1, 1)
    fractals.remove(session, uuid)
    assert (counts.total(session), other.total(session)) == (0, 0)


def test_what_was_not_yet_committed_at_the_first_count_is_found_at_the_second(
    session, counts, add, clock, monkeypatch
):
    add()
    with monkeypatch.context() as patch:
        patch.setattr("faafo.db.counts._count", lambda *_, **__: 0)
        assert counts.total(session) == 0
    clock.now += RECOUNT_SECONDS
    assert counts.total(session) == 1


def test_the_newest_are_never_counted_on(session, add, monkeypatch):
    counts = Counts(margin=2)
    for _ in range(3):
        add()
    counts.total(session)
    monkeypatch.setattr("faafo.db.counts._count", lambda _session, where: where.right.value)
    # One of three is counted on; the others are asked for each time.
    assert counts.total(session) == 1 + 1


@pytest.fixture
def counted(session):
    """The parameters of every count that the database is asked for."""
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "count(*)" in statement:
            seen.append(parameters)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_settled_ones_are_not_counted_again(session, counts, add, clock, counted):
    for _ in range(3):
        add()
        counts.total(session)
        clock.now += RECOUNT_SECONDS
    counts.total(session)
    counted.clear()
    add()
    assert counts.total(session) == 4
    assert counted == [(3,)]


def test_what_came_while_nobody_asked_is_counted_once(session, counts, add, clock, counted):
    add()
    counts.total(session)
    for _ in range(3):
        add()
    clock.now += 100 * RECOUNT_SECONDS
    assert counts.total(session) == 4
    counted.clear()
    assert counts.total(session) == 4
    assert counted == [(4,)]


def test_a_complete_one_is_what_is_nothing_else(session, counts, add):
    for _ in range(2):
        add()
    assert counts.by_status(session) == {
        "queued": 2,
        "rendering": 0,
        "complete": 0,
        "error": 0,
    }


def test_unfinished_ones_that_take_long_to_count_are_not_counted_at_each_question(
    session, clock, add
):
    def take_long(_connection, _cursor, statement, *_):
        if "GROUP BY" in statement:
            clock.now += 0.3

    counts = Counts(clock)
    for _ in range(3):
        add()
    event.listen(db.engine, "after_cursor_execute", take_long)
    try:
        assert counts.by_status(session)["queued"] == 3
        add()
        clock.now += 2.9
        assert counts.by_status(session)["queued"] == 3
        clock.now += 0.2
        assert counts.by_status(session)["queued"] == 4
    finally:
        event.remove(db.engine, "after_cursor_execute", take_long)
