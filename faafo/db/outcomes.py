# SPDX-License-Identifier: Apache-2.0
"""Outcomes: what becomes of an attempt, and the way back of a fractal that was given up."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import restarted
from faafo.db.fractals import get
from faafo.db.models import Fractal
from faafo.db.statements import execute_update
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status

UNCLAIMED = {"claimed_by": None, "lease_expires_at": None, "rows_done": None}
# A result that comes twice does not change when it came.
COMPLETED = {
    "status": Status.COMPLETE,
    "fault": None,
    "completed_at": func.coalesce(Fractal.__table__.c.completed_at, moment()),
    **UNCLAIMED,
}


@dataclass(frozen=True)
class Result:
    """What an attempt has rendered: the values of the result's columns."""

    lease: Lease
    values: dict[str, Any]


@dataclass(frozen=True)
class RetryPolicy:
    """How often an attempt may fail, and the seconds to wait after the first and any failure."""

    max_attempts: int
    delay: float
    longest_delay: float

    def delay_after(self, failures: int) -> float:
        """Return the seconds before the next attempt.

        They double with each failure. Chance takes away up to half of them, so that what failed
        together does not come back together.
        """
        doubled = self.delay * 2.0 ** min(failures - 1, 64)
        return min(doubled, self.longest_delay) * random.uniform(0.5, 1.0)

    def after_failure(self, failures: int, fault: str, delayed: bool = True) -> dict[str, Any]:
        """Return what a fractal changes to when it fails after so many ``failures``."""
        failures += 1
        values = {"failures": failures, "fault": fault, **UNCLAIMED}
        if failures >= self.max_attempts:
            return values | {"status": Status.ERROR}
        delay = self.delay_after(failures) if delayed else 0.0
        return values | {"status": Status.QUEUED, "claimable_at": moment(delay)}


def require_rendering(session: Session, uuid: str, attempt: int) -> Fractal:
    """Return a fractal that is being rendered.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is not what is being rendered now.
    """
    fractal = get(session, uuid)
    rendering = fractal.status == Status.RENDERING and fractal.attempt == attempt
    return _changed_or_stale(session, uuid, attempt, rendering)


@restarted
def complete(session: Session, uuid: str, attempt: int | None, result: dict[str, Any]) -> Fractal:
    """Record the result of an attempt, or of a client that knows no attempts.

    A result that arrives twice changes nothing; one that arrives after its lease has expired is
    as good as any, since rendering is deterministic, as long as nobody has claimed it again.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is no longer the current one.
    """
    query = update(Fractal).where(Fractal.uuid == uuid)
    if attempt is not None:
        query = query.where(Fractal.attempt == attempt, Fractal.status != Status.ERROR)
    changed = execute_update(session, query.values(**COMPLETED, **result))
    return _changed_or_stale(session, uuid, attempt, changed)


@restarted
def complete_all(session: Session, results: Sequence[Result]) -> list[str]:
    """Record the results of many attempts; return the uuids of those that were refused.

    What ``complete`` says holds for each of them.
    """
    if _record(session, results) != len(results):
        session.rollback()
        refused = [one.lease.uuid for one in results if not _record(session, [one])]
        session.commit()
        return refused
    session.commit()
    return []


def _record(session: Session, results: Sequence[Result]) -> int:
    """Record results; return how many of them were taken."""
    table = Fractal.__table__.c
    query = (
        update(Fractal.__table__)
        .where(table.uuid == bindparam("of"), table.attempt == bindparam("made_in"))
        .where(table.status != Status.ERROR)
        .values(**COMPLETED)
    )
    rows = [{"of": one.lease.uuid, "made_in": one.lease.attempt, **one.values} for one in results]
    return session.connection().execute(query, rows).rowcount if rows else 0


@restarted
def fail(session: Session, uuid: str, attempt: int, fault: str, policy: RetryPolicy) -> Fractal:
    """Record that an attempt failed: queue the fractal again, later, or give it up.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is not what is being rendered now.
    """
    values = policy.after_failure(get(session, uuid).failures, fault)
    query = (
        update(Fractal)
        .where(Fractal.uuid == uuid, Fractal.attempt == attempt)
        .where(Fractal.status == Status.RENDERING)
        .values(**values)
    )
    changed = execute_update(session, query)
    return _changed_or_stale(session, uuid, attempt, changed)


@restarted
def retry(session: Session, uuid: str) -> Fractal:
    """Queue a fractal again that was given up, or that waits for its next attempt.

    Its failures are forgotten, its fault is shown until it is complete.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.NothingToRetry: when it is being rendered, or complete.
    """
    waiting = (Fractal.uuid == uuid, Fractal.status.in_((Status.ERROR, Status.QUEUED)))
    query = update(Fractal).where(*waiting).values(**_anew())
    changed = execute_update(session, query)
    fractal = get(session, uuid)
    session.commit()
    if not changed:
        raise errors.NothingToRetry(
            f"status: fractal {uuid} is {fractal.status}; only what is in error can be tried again"
        )
    return fractal


def retry_all_errors(session: Session, at_once: int = 1000) -> int:
    """Queue every fractal again that was given up; return how many there were."""
    total = 0
    last = 0
    failed = select(Fractal.id).where(Fractal.status == Status.ERROR).order_by(Fractal.id)
    while ids := session.scalars(failed.where(Fractal.id > last).limit(at_once)).all():
        last = ids[-1]
        total += _retry_these(session, ids)
    return total


@restarted
def _retry_these(session: Session, ids: Sequence[int]) -> int:
    these = (Fractal.id.in_(ids), Fractal.status == Status.ERROR)
    query = update(Fractal).where(*these).values(**_anew())
    changed = execute_update(session, query)
    session.commit()
    return changed


def _anew() -> dict[str, Any]:
    return {"status": Status.QUEUED, "failures": 0, "claimable_at": moment()}


def _changed_or_stale(
    session: Session, uuid: str, attempt: int | None, changed: int | bool
) -> Fractal:
    fractal = get(session, uuid)
    session.commit()
    if not changed:
        raise errors.StaleAttempt(
            f"attempt: {attempt} of fractal {uuid} is not the current one: it is at attempt "
            f"{fractal.attempt} and {fractal.status}"
        )
    return fractal
