# SPDX-License-Identifier: Apache-2.0
"""Claims: fractals are handed to producers on leases, which expire unless they are renewed.

Each change is one conditional UPDATE that states what it expects to find. That is fencing without
a lock, and the same on SQLite and MariaDB. Times are the database's own.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, events, usage
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.fractals import REFRESH
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy
from faafo.db.statements import execute_update
from faafo.fractal.events import OF_STATUS, EventType
from faafo.fractal.task import Status, is_quarantined
from faafo.metrics import catalogue as metrics

# Maximum number of expired leases that one claim ends.
LARGEST_SWEEP = 1000


@retry_on_deadlock
def claim(
    session: Session,
    claimed_by: str,
    count: int,
    seconds: float,
    policy: RetryPolicy,
    parameters: int = 1,
) -> Sequence[Fractal]:
    """Lease up to ``count`` queued fractals to ``claimed_by`` for ``seconds``, oldest first.

    A quarantined fractal is leased alone, so that no other lease is lost if it kills the claimant.
    Rows locked by another claim are skipped where the database supports that; where it does not,
    the attempt that each UPDATE expects lets only one claim win.

    :param parameters: the latest version of the drawing parameters that the fractals may have.
    """
    ended = _end_expired_leases(session, policy)
    candidates = _batch(_candidates(session, _queued_by_now(parameters), Fractal.id, count))
    values = {
        "status": Status.RENDERING,
        "attempt": Fractal.attempt + 1,
        "claimed_by": claimed_by,
        "lease_expires_at": moment(seconds),
        "claimed_at": moment(),
        "rows_done": None,
    }
    won = _change_all(session, candidates, values)
    if won:
        events.record(session, EventType.RENDERING, Fractal.id.in_(won))
    query = select(Fractal).where(Fractal.id.in_(won)).order_by(Fractal.id)
    claimed = session.scalars(query, execution_options=REFRESH).all() if won else []
    session.commit()
    _measure(claimed, ended)
    return claimed


def is_any_claimable(session: Session, parameters: int = 1) -> bool:
    """Return whether a claim would find a fractal, or a lease that has expired.

    :param parameters: as in ``claim``.
    """
    either = (_queued_by_now(parameters), _expired())
    queries = (select(Fractal.id).where(*where).limit(1) for where in either)
    return any(session.scalar(query) is not None for query in queries)


def _queued_by_now(parameters: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Fractal.status == Status.QUEUED,
        Fractal.claimable_at <= moment(),
        Fractal.parameter_version <= parameters,
    )


def _expired() -> tuple[ColumnElement[bool], ...]:
    return Fractal.status == Status.RENDERING, Fractal.lease_expires_at <= moment()


def _measure(claimed: Sequence[Fractal], ended: dict[Status, list[Row]]) -> None:
    metrics.CLAIMED.add(amount=len(claimed))
    for one in claimed:
        if one.claimed_at is not None:
            waited = (one.claimed_at - one.claimable_at).total_seconds()
            metrics.QUEUE_SECONDS.observe(max(0.0, waited))
    retried, dead = len(ended[Status.QUEUED]), len(ended[Status.ERROR])
    metrics.EXPIRED.add(amount=retried + dead)
    metrics.RETRIED.add(amount=retried)
    metrics.DEAD.add(amount=dead)


def _end_expired_leases(session: Session, policy: RetryPolicy) -> dict[Status, list[Row]]:
    """Record a failure for each expired lease: queue its fractal again, or set it to error.

    Return what has ended by the status that the fractals have now.
    """
    ended: dict[Status, list[Row]] = {Status.QUEUED: [], Status.ERROR: []}
    for one in _candidates(session, _expired(), Fractal.lease_expires_at, LARGEST_SWEEP):
        fault = (
            f"attempt {one.attempt} failed: the lease of producer {one.claimed_by} expired at "
            f"{one.lease_expires_at.isoformat(timespec='seconds')}Z"
        )
        values = policy.after_failure(one.failures, fault, delayed=False)
        if _change(session, one, values):
            ended[values["status"]].append(one)
    usage.add(session, [(one.project_id, usage.ENDED) for one in ended[Status.ERROR]])
    for status, rows in ended.items():
        if rows:
            ids = [one.id for one in rows]
            events.record(session, OF_STATUS[status], Fractal.id.in_(ids))
    return ended


def _candidates(
    session: Session, where: Iterable[ColumnElement[bool]], order_by: Any, count: int
) -> list[Row]:
    query = (
        select(
            Fractal.id,
            Fractal.attempt,
            Fractal.status,
            Fractal.failures,
            Fractal.project_id,
            Fractal.claimed_by,
            Fractal.lease_expires_at,
        )
        .where(*where)
        .order_by(order_by)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return list(session.execute(query))


def _batch(candidates: list[Row]) -> list[Row]:
    """Return the first candidate alone if it is quarantined, else all before a quarantined one."""
    if candidates and is_quarantined(candidates[0].failures):
        return candidates[:1]
    return list(takewhile(lambda one: not is_quarantined(one.failures), candidates))


def _change_all(session: Session, candidates: list[Row], values: dict[str, Any]) -> list[int]:
    """Change those of ``candidates`` that are still queued; return their ids.

    A single UPDATE suffices where the database has locked the rows, and usually where it has not.
    """
    if not candidates:
        return []
    ids = [one.id for one in candidates]
    query = update(Fractal).where(Fractal.id.in_(ids), Fractal.status == Status.QUEUED)
    changed = execute_update(session, query.values(**values))
    if changed == len(ids):
        return ids
    # The count does not say which of them changed: change them one by one.
    session.rollback()
    return [one.id for one in candidates if _change(session, one, values)]


def _change(session: Session, candidate: Row, values: dict[str, Any]) -> bool:
    query = (
        update(Fractal)
        .where(Fractal.id == candidate.id, Fractal.attempt == candidate.attempt)
        .where(Fractal.status == candidate.status)
        .values(**values)
    )
    return execute_update(session, query) == 1
