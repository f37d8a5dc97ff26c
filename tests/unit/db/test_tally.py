"""Counting fractals without reading all of them each time."""

import pytest
from sqlalchemy import event

from faafo.db import db, fractals
from faafo.db.tally import SETTLED_SECONDS, Tally


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tally(clock):
    return Tally(clock, margin=0)


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def test_it_knows_of_new_ones_and_of_deleted_ones_at_once(session, tally, add, clock):
    assert tally.total(session) == 0
    uuids = [add() for _ in range(3)]
    assert tally.total(session) == 3
    fractals.remove(session, uuids[1])
    assert tally.total(session) == 2
    for _ in range(4):
        clock.now += SETTLED_SECONDS
        add()
        assert tally.total(session) == fractals.page(session, size=9, tally=Tally()).total
    fractals.remove(session, uuids[0])
    assert tally.total(session) == 5


def test_two_of_them_agree_whoever_deletes(session, tally, add):
    other = Tally()
    uuid = add()
    assert (tally.total(session), other.total(session)) == (1, 1)
    fractals.remove(session, uuid)
    assert (tally.total(session), other.total(session)) == (0, 0)


def test_what_was_not_yet_committed_at_the_first_count_is_found_at_the_second(
    session, tally, add, clock, monkeypatch
):
    add()
    with monkeypatch.context() as patch:
        patch.setattr("faafo.db.tally._count", lambda *_, **__: 0)
        assert tally.total(session) == 0
    clock.now += SETTLED_SECONDS
    assert tally.total(session) == 1


def test_the_newest_are_never_counted_on(session, add, monkeypatch):
    tally = Tally(margin=2)
    for _ in range(3):
        add()
    tally.total(session)
    monkeypatch.setattr("faafo.db.tally._count", lambda *_, above: above)
    # One of three is counted on; the others are asked for each time.
    assert tally.total(session) == 1 + 1


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


def test_settled_ones_are_not_counted_again(session, tally, add, clock, counted):
    for _ in range(3):
        add()
        tally.total(session)
        clock.now += SETTLED_SECONDS
    tally.total(session)
    counted.clear()
    add()
    assert tally.total(session) == 4
    assert counted == [(3,)]


def test_what_came_while_nobody_asked_is_counted_once(session, tally, add, clock, counted):
    add()
    tally.total(session)
    for _ in range(3):
        add()
    clock.now += 100 * SETTLED_SECONDS
    assert tally.total(session) == 4
    counted.clear()
    assert tally.total(session) == 4
    assert counted == [(4,)]


def test_a_complete_one_is_what_is_nothing_else(session, tally, add):
    for _ in range(2):
        add()
    assert tally.by_status(session) == {
        "queued": 2,
        "rendering": 0,
        "complete": 0,
        "error": 0,
    }


def test_many_unfinished_ones_are_not_counted_at_each_question(session, clock, add, monkeypatch):
    monkeypatch.setattr("faafo.db.tally.MANY", 1)
    monkeypatch.setattr("faafo.db.tally.SECONDS_A_ROW", 1.0)
    tally = Tally(clock)
    for _ in range(3):
        add()
    assert tally.by_status(session)["queued"] == 3
    add()
    clock.now += 2.9
    assert tally.by_status(session)["queued"] == 3
    clock.now += 0.2
    assert tally.by_status(session)["queued"] == 4
