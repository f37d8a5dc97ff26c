# SPDX-License-Identifier: Apache-2.0
"""Counting fractals without reading all of them each time."""

import pytest
from sqlalchemy import event

from faafo import errors
from faafo.db import db, fractals
from faafo.db.counts import RECOUNT_SECONDS, Counts


@pytest.fixture
def counts(clock):
    return Counts(clock, margin=0)


@pytest.fixture
def add(session, make_task):
    return lambda: fractals.add(session, make_task()).uuid


def test_the_total_includes_insertions_and_deletions_at_once(session, counts, add, clock):
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


def test_the_totals_of_two_processes_agree_after_a_deletion(session, counts, add):
    other = Counts()
    uuid = add()
    assert (counts.total(session), other.total(session)) == (1, 1)
    fractals.remove(session, uuid)
    assert (counts.total(session), other.total(session)) == (0, 0)


def test_an_insert_uncommitted_at_one_full_count_is_included_in_the_next(
    session, counts, add, clock, monkeypatch
):
    add()
    with monkeypatch.context() as patch:
        patch.setattr("faafo.db.counts.count_where", lambda *_, **__: 0)
        assert counts.total(session) == 0
    clock.now += RECOUNT_SECONDS
    assert counts.total(session) == 1


def test_the_newest_ids_are_counted_on_each_call(session, add, monkeypatch):
    counts = Counts(margin=2)
    for _ in range(3):
        add()
    counts.total(session)
    monkeypatch.setattr(
        "faafo.db.counts.count_where", lambda _session, *where, **_: where[-1].right.value
    )
    # One of three is in the full count; the other two are counted on each call.
    assert counts.total(session) == 1 + 1


@pytest.fixture
def counted(session):
    """The parameters of every COUNT(*) that the database executes."""
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "count(*)" in statement:
            # PostgreSQL has names for them.
            seen.append([*getattr(parameters, "values", lambda: parameters)()])

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_old_fractals_are_not_counted_again(session, counts, add, clock, counted):
    for _ in range(3):
        add()
        counts.total(session)
        clock.now += RECOUNT_SECONDS
    counts.total(session)
    counted.clear()
    add()
    assert counts.total(session) == 4
    # The last one is the id after which they are counted.
    assert [one[-1] for one in counted] == [3]


def test_fractals_added_between_two_calls_are_counted_once(session, counts, add, clock, counted):
    add()
    counts.total(session)
    for _ in range(3):
        add()
    clock.now += 100 * RECOUNT_SECONDS
    assert counts.total(session) == 4
    counted.clear()
    assert counts.total(session) == 4
    assert [one[-1] for one in counted] == [4]


def test_complete_is_the_total_minus_the_other_statuses(session, counts, add):
    for _ in range(2):
        add()
    assert counts.by_status(session) == {
        "queued": 2,
        "rendering": 0,
        "complete": 0,
        "error": 0,
    }


def test_a_slow_count_by_status_is_reused(session, clock, add):
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


@pytest.mark.parametrize("name", ["total", "by_status"])
def test_a_first_count_that_takes_long_makes_no_other_thread_wait_for_it(
    session, counts, add, monkeypatch, name
):
    monkeypatch.setattr("faafo.db.counts.WAIT_SECONDS", 0.01)
    uuid = add()
    fractals.get(session, uuid)
    with counts._lock, pytest.raises(errors.Overloaded, match="being counted"):
        getattr(counts, name)(session)
    assert db.engine.pool.checkedout() == 0
    assert counts.total(session) == 1


def test_what_may_read_every_record_has_a_deadline(session, counts, add):
    add()
    unbounded = []

    def note(_connection, _cursor, statement, _parameters, context, _many):
        if "count(*)" in statement and not context.execution_options.get("faafo_bounded"):
            unbounded.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        counts.by_status(session)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    # That of the newest ids.
    assert len(unbounded) <= 1
