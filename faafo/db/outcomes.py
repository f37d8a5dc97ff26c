# SPDX-License-Identifier: Apache-2.0
"""Outcomes: results and failures of attempts, and retries of fractals in error."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.fractals import get
from faafo.db.models import Fractal
from faafo.db.statements import execute_update
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status

UNCLAIMED = {"claimed_by": None, "lease_expires_at": None, "rows_done": None}
# A result that arrives twice keeps its first completion time.
COMPLETED = {
    "status": Status.COMPLETE,
    "fault": None,
    "completed_at": func.coalesce(Fractal.__table__.c.completed_at, moment()),
    **UNCLAIMED,
}


@dataclass(frozen=True)
class Result:
    """The result of an attempt: the values of its columns."""

    lease: Lease
    values: dict[str, Any]


@dataclass(frozen=True)
class RetryPolicy:
    """The number of failures until status error, and the first and the longest delay in seconds."""

    max_attempts: int
    delay: float
    longest_delay: float

    def delay_after(self, failures: int) -> float:
        """Return the seconds before the next attempt.

        Exponential backoff with jitter: the delay doubles with each failure, and up to half of it
        is taken off at random, so that fractals that failed together are not retried together.
        """
        doubled = self.delay * 2.0 ** min(failures - 1, 64)
        return min(doubled, self.longest_delay) * random.uniform(0.5, 1.0)

    def after_failure(self, failures: int, fault: str, delayed: bool = True) -> dict[str, Any]:
        """Return the new values of a fractal that fails after ``failures`` earlier failures."""
        failures += 1
        values = {"failures": failures, "fault": fault, **UNCLAIMED}
        if failures >= self.max_attempts:
            return values | {"status": Status.ERROR}
        delay = self.delay_after(failures) if delayed else 0.0
        return values | {"status": Status.QUEUED, "claimable_at": moment(delay)}


def require_rendering(session: Session, uuid: str, attempt: int) -> Fractal:
    """Return the fractal of which ``attempt`` is being rendered.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is not the one being rendered.
    """
    fractal = get(session, uuid)
    rendering = fractal.status == Status.RENDERING and fractal.attempt == attempt
    return _changed_or_stale(session, uuid, attempt, rendering)


@retry_on_deadlock
def complete(session: Session, uuid: str, attempt: int | None, result: dict[str, Any]) -> Fractal:
    """Record the result of an attempt; ``attempt`` is None for a client that sends none.

    A result that arrives twice changes nothing. One that arrives after its lease has expired is
    accepted until the fractal is claimed again, since rendering is deterministic.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is no longer the current one.
    """
    query = update(Fractal).where(Fractal.uuid == uuid)
    if attempt is not None:
        query = query.where(Fractal.attempt == attempt, Fractal.status != Status.ERROR)
    changed = execute_update(session, query.values(**COMPLETED, **result))
    return _changed_or_stale(session, uuid, attempt, changed)


@retry_on_deadlock
def complete_all(session: Session, results: Sequence[Result]) -> list[str]:
    """Record the results of many attempts, as ``complete``; return the uuids of refused ones."""
    if _record(session, results) != len(results):
        session.rollback()
        refused = [one.lease.uuid for one in results if not _record(session, [one])]
        session.commit()
        return refused
    session.commit()
    return []


def _record(session: Session, results: Sequence[Result]) -> int:
    """Record results; return how many of them were accepted."""
    table = Fractal.__table__.c
    query = (
        update(Fractal.__table__)
        .where(table.uuid == bindparam("of"), table.attempt == bindparam("made_in"))
        .where(table.status != Status.ERROR)
        .values(**COMPLETED)
    )
    rows = [{"of": one.lease.uuid, "made_in": one.lease.attempt, **one.values} for one in results]
    return session.connection().execute(query, rows).rowcount if rows else 0


@retry_on_deadlock
def fail(session: Session, uuid: str, attempt: int, fault: str, policy: RetryPolicy) -> Fractal:
    """Record that an attempt failed: queue the fractal again with a delay, or set it to error.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is not the one being rendered.
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


@retry_on_deadlock
def retry(session: Session, uuid: str) -> Fractal:
    """Queue a fractal that is in error, or waits for its next attempt, to be claimed at once.

    Its failures are reset to 0; its fault is shown until it is complete.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.NothingToRetry: when it is being rendered, or complete.
    """
    waiting = (Fractal.uuid == uuid, Fractal.status.in_((Status.ERROR, Status.QUEUED)))
    query = update(Fractal).where(*waiting).values(**_requeued())
    changed = execute_update(session, query)
    fractal = get(session, uuid)
    session.commit()
    if not changed:
        raise errors.NothingToRetry(
            f"status: fractal {uuid} is {fractal.status}; only a fractal in error can be retried"
        )
    return fractal


def retry_all_errors(session: Session, batch_size: int = 1000) -> int:
    """Queue all fractals in error again; return their number."""
    total = 0
    last = 0
    failed = select(Fractal.id).where(Fractal.status == Status.ERROR).order_by(Fractal.id)
    while ids := session.scalars(failed.where(Fractal.id > last).limit(batch_size)).all():
        last = ids[-1]
        total += _retry_batch(session, ids)
    return total


@retry_on_deadlock
def _retry_batch(session: Session, ids: Sequence[int]) -> int:
    in_error = (Fractal.id.in_(ids), Fractal.status == Status.ERROR)
    query = update(Fractal).where(*in_error).values(**_requeued())
    changed = execute_update(session, query)
    session.commit()
    return changed


def _requeued() -> dict[str, Any]:
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
