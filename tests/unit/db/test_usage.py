# SPDX-License-Identifier: Apache-2.0
"""The counters of projects equal what counting the fractals says, whatever happened."""

import random
from datetime import datetime

import pytest
from sqlalchemy import event, func, select, update

from faafo import errors
from faafo.db import batch, claims, db, fractals, leases, outcomes, posting, quotas
from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.quota_models import Usage
from faafo.db.quotas import NO_LIMITS
from faafo.db.scheduling import AT_ONCE, Schedule
from faafo.db.scope import NOBODY, Owner
from faafo.db.usage import UNFINISHED
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status

POLICY = RetryPolicy(max_attempts=2, delay=0.0, longest_delay=0.0)
OWNERS = (Owner("alpha", "ada"), Owner("beta", "bob"), NOBODY)
STEPS = 300
OVERDUE = Schedule(expires_at=datetime(2026, 1, 1))


def lease_of(fractal):
    return Lease(fractal.uuid, fractal.attempt, fractal.token)


def result(fractal, chance=None):
    size = chance.randrange(100) if chance else 10
    values = {"checksum": "0" * 64, "duration": 0.5, "size": size}
    return Result(lease_of(fractal), values, fractal.token)


def kept(session):
    rows = session.execute(select(Usage.project_id, Usage.queued, Usage.fractals, Usage.bytes))
    return {row[0]: tuple(row[1:]) for row in rows if row.fractals}


def counted(session):
    found = {}
    query = select(Fractal.project_id, Fractal.status, Fractal.size)
    for project, status, size in session.execute(query.where(Fractal.project_id.is_not(None))):
        queued, count, total = found.get(project, (0, 0, 0))
        is_complete = status == Status.COMPLETE
        added = (size or 0) if is_complete else 0
        found[project] = (queued + (status in UNFINISHED), count + 1, total + added)
    return found


class History:
    """What happens to fractals of two projects and of none, at random."""

    def __init__(self, session, make_task, seed):
        self.session = session
        self.make_task = make_task
        self.chance = random.Random(seed)

    def step(self):
        happens = (self.post, self.post, self.claim, self.report, self.complete, self.unfenced)
        others = (self.fail, self.expire, self.retry, self.retry_all, self.delete, self.release)
        try:
            self.chance.choice(happens + others)()
        except (errors.StaleAttempt, errors.NothingToRetry):
            self.session.rollback()

    def any(self, *statuses):
        query = select(Fractal).order_by(Fractal.id)
        found = self.session.scalars(query.where(Fractal.status.in_(statuses or Status))).all()
        return self.chance.sample(found, self.chance.randint(0, len(found)))

    def post(self):
        tasks = [self.make_task() for _ in range(self.chance.randint(1, 4))]
        posting.post_all(
            self.session,
            tasks,
            self.chance.choice(OWNERS),
            schedules={tasks[0].uuid: self.chance.choice((AT_ONCE, OVERDUE))},
        )

    def claim(self):
        claims.claim(self.session, "me", 4, 60.0, POLICY)

    def report(self):
        results = [result(one, self.chance) for one in self.any()]
        # A result that arrives twice, and some for fractals in error.
        batch.complete_all(self.session, "me", results + results[:1])

    def complete(self):
        for one in self.any()[:1]:
            outcomes.complete(self.session, result(one, self.chance))

    def unfenced(self):
        for one in self.any()[:1]:
            outcomes.complete_unfenced(self.session, one.uuid, {"checksum": "1", "duration": 1.0})

    def fail(self):
        for one in self.any()[:1]:
            outcomes.fail(self.session, lease_of(one), "no", POLICY)

    def expire(self):
        past = update(Fractal).where(Fractal.status == Status.RENDERING)
        self.session.execute(past.values(lease_expires_at=moment(-1.0)))
        self.session.commit()
        self.claim()

    def release(self):
        held = [leases.Release(lease_of(one)) for one in self.any(Status.RENDERING)]
        leases.release(self.session, "me", held, POLICY)

    def retry(self):
        for one in self.any(Status.ERROR, Status.QUEUED)[:1]:
            outcomes.retry(self.session, one.uuid)

    def retry_all(self):
        outcomes.retry_all_errors(self.session, batch_size=2)

    def delete(self):
        for one in self.any()[:2]:
            fractals.remove(self.session, one.uuid)


@pytest.mark.parametrize("seed", range(5))
def test_the_counters_equal_the_counts_after_each_of_many_random_steps(session, make_task, seed):
    history = History(session, make_task, seed)
    for _ in range(STEPS):
        history.step()
        assert kept(session) == counted(session)
    assert session.scalar(select(func.count()).select_from(Fractal)) > 0


def test_a_claim_and_reports_of_no_project_write_no_counters(session, make_task):
    statements = []
    posting.post_all(session, [make_task() for _ in range(3)])
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    claimed = claims.claim(session, "me", 3, 60.0, POLICY)
    before = len(statements)
    batch.complete_all(session, "me", [result(one) for one in claimed])
    assert len(statements) == before + 1
    assert not [one for one in statements if "usage" in one and not one.startswith("SELECT")]


def test_a_batch_of_reports_changes_the_counters_of_a_project_once(session, make_task):
    statements = []
    posting.post_all(session, [make_task() for _ in range(3)], OWNERS[0])
    claimed = claims.claim(session, "me", 3, 60.0, POLICY)
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert batch.complete_all(session, "me", [result(one) for one in claimed]) == []
    assert (
        len(
            [
                one
                for one in statements
                if one.startswith("UPDATE `usage`") or one.startswith("UPDATE usage")
            ]
        )
        == 1
    )
    assert quotas.get(session, "alpha", NO_LIMITS).usage.bytes == 30
