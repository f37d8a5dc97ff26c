# SPDX-License-Identifier: Apache-2.0
"""The backlog, counted."""

from datetime import UTC, datetime, timedelta

import pytest

from faafo.db import claims, db, fractals, posting
from faafo.db.backlog import Backlog, read, total
from faafo.db.outcomes import RetryPolicy
from faafo.db.scheduling import Schedule
from faafo.db.scope import Owner
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.parts import divided


@pytest.fixture
def add(session, make_task, change):
    def add(project=None, **columns):
        uuid = fractals.add(session, make_task(), owner=Owner(project, None)).uuid
        if columns:
            change(uuid, **columns)

    return add


def ago(seconds):
    return datetime.now(UTC) - timedelta(seconds=seconds)


def rendering():
    return {"status": "rendering", "claimed_by": "p", "lease_expires_at": ago(-60)}


def test_there_is_none_at_first(session):
    assert total(read(session)) == Backlog(0, 0, 0, 0.0)


def test_what_has_ended_or_cannot_be_claimed_yet_is_not_outstanding(session, add):
    add()
    add(claimable_at=ago(-1000))
    add(**rendering())
    add(status="complete", completed_at=ago(1))
    add(status="error")
    found = total(read(session))
    assert (found.queued, found.claimable, found.rendering, found.outstanding) == (2, 1, 1, 2)


def test_a_parent_that_waits_for_its_children_occupies_no_slot(session, add):
    add(status="rendering", children=4, open_children=2)
    assert total(read(session)).outstanding == 0


def test_the_longest_wait_counts_from_when_a_fractal_could_be_claimed(session, add):
    add(created_at=ago(9000), claimable_at=ago(100))
    add(claimable_at=ago(300))
    add(claimable_at=ago(-50))
    assert 290 < total(read(session)).oldest_seconds < 400


def test_a_project_at_its_limit_has_nothing_to_claim(session, add):
    for project in ("a", "b", None):
        for _ in range(5):
            add(project)
    add("a", **rendering())
    add("a", **rendering())
    assert total(read(session)).claimable == 15
    assert total(read(session), limit=3).claimable == 1 + 3 + 5
    assert total(read(session), limit=2).claimable == 0 + 2 + 5
    assert total(read(session), limit=1).claimable == 0 + 1 + 5


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_poster_that_waits_for_its_parts_does_not_count_in_the_limit_of_its_project(
    session, make_task, add, limit
):
    later = Schedule(not_before=datetime.now(UTC).replace(tzinfo=None) + timedelta(days=300))
    for schedule in (Schedule(), later, later):
        task = make_task()
        bands = divided(task.height, 2)
        posting.post(session, task, Owner("a", None), schedule=schedule, bands=bands)
    for _ in range(4):
        add("a")
    found = total(read(session), limit)
    terms = claims.Terms(PARAMETER_VERSION, limit)
    policy = RetryPolicy(max_attempts=9, delay=0.0, longest_delay=0.0)
    handed_out = claims.claim(session, "me", 9, 60.0, policy, terms)
    assert (found.claimable, found.rendering) == (len(handed_out), 0)
    assert len(handed_out) == 2 + limit


def test_what_a_limit_keeps_from_being_claimed_has_not_waited_for_workers(session, add):
    add("a", **rendering())
    add("a", claimable_at=ago(300))
    add("b", claimable_at=ago(100))
    assert 290 < total(read(session)).oldest_seconds < 400
    assert 90 < total(read(session), limit=1).oldest_seconds < 200


def test_what_needs_a_kind_or_a_label_is_counted_by_itself(session, add):
    add()
    add(label="bigmem")
    add(kind="join", **rendering())
    groups = read(session)
    assert total(groups, is_meant=lambda need: need.label == "bigmem").outstanding == 1
    assert total(groups, is_meant=lambda need: need.kind == "join") == Backlog(rendering=1)
    assert total(groups, is_meant=lambda need: need.kind == "film") == Backlog()
    assert total(groups).outstanding == 3


@pytest.mark.usefixtures("on_sqlite")
def test_of_what_is_queued_an_index_alone_is_read(session, monkeypatch):
    statements = []
    execute = session().execute
    monkeypatch.setattr(
        session(), "execute", lambda one, **more: statements.append(one) or execute(one, **more)
    )
    read(session())
    plans = []
    for statement in statements:
        compiled = statement.compile(db.engine)
        plan = (
            session()
            .connection()
            .exec_driver_sql(
                f"EXPLAIN QUERY PLAN {compiled}", tuple("" for _ in compiled.positiontup)
            )
        )
        plans.append([row[-1] for row in plan])
    # Of what is rendering, which has an end, rows are read, too.
    assert plans == [
        ["SEARCH fractal USING INDEX ix_fractal_kind_turn (status=?)"],
        ["SEARCH fractal USING COVERING INDEX ix_fractal_kind_turn (status=?)"],
    ]
