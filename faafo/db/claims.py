# SPDX-License-Identifier: Apache-2.0
"""Claims: how fractals are handed to producers, on leases that run out when nobody renews them.

Each change is one conditional UPDATE that states what it expects to find. That is fencing without
a lock, and the same on SQLite and MariaDB. Times are the database's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, select, tuple_, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import restarted
from faafo.db.fractals import ANEW
from faafo.db.models import Fractal
from faafo.db.outcomes import UNCLAIMED, RetryPolicy
from faafo.db.statements import execute_update
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status, is_suspect

# The most leases that one claim looks through for such that have run out.
LARGEST_SWEEP = 1000


@dataclass(frozen=True)
class Renewal:
    """A lease to extend; ``rows_done`` is how many rows have been rendered, where it is known."""

    lease: Lease
    rows_done: int | None = None


@dataclass(frozen=True)
class Release:
    """A lease to end without a result; ``fault`` is what keeps the fractal from being rendered."""

    lease: Lease
    fault: str | None = None


@restarted
def claim(
    session: Session, claimed_by: str, count: int, seconds: float, policy: RetryPolicy
) -> Sequence[Fractal]:
    """Hand up to ``count`` queued fractals to ``claimed_by`` for ``seconds``, oldest first.

    A suspect is handed out by itself, so that a claimant it kills has no other on its hands. Rows
    that somebody else is claiming are skipped where the database can tell; where it cannot, the
    attempt that each UPDATE expects lets only one of them win.
    """
    _end_expired_leases(session, policy)
    queued = (Fractal.status == Status.QUEUED, Fractal.claimable_at <= moment())
    candidates = _companions(_candidates(session, queued, Fractal.id, count))
    values = {
        "status": Status.RENDERING,
        "attempt": Fractal.attempt + 1,
        "claimed_by": claimed_by,
        "lease_expires_at": moment(seconds),
        "claimed_at": moment(),
        "rows_done": None,
    }
    won = _change_all(session, candidates, values)
    query = select(Fractal).where(Fractal.id.in_(won)).order_by(Fractal.id)
    claimed = session.scalars(query, execution_options=ANEW).all() if won else []
    session.commit()
    return claimed


def renew(
    session: Session, claimed_by: str, renewals: Sequence[Renewal], seconds: float
) -> list[str]:
    """Extend leases by ``seconds`` from now; return the uuids of those ``claimed_by`` has lost."""
    leases = [one.lease for one in renewals]
    lost = _change_held(session, claimed_by, leases, {"lease_expires_at": moment(seconds)})
    for one in renewals:
        if one.rows_done is not None and one.lease.uuid not in lost:
            _change_held(session, claimed_by, [one.lease], {"rows_done": one.rows_done})
    return lost


def release(
    session: Session, claimed_by: str, releases: Sequence[Release], policy: RetryPolicy
) -> list[str]:
    """Queue claimed fractals again without counting a failure; return what ``renew`` returns.

    One that is released with a fault waits for the first retry delay, and shows the fault until it
    is complete.
    """
    lost = []
    for one in (one for one in releases if one.fault is not None):
        queued = _queued(policy.delay_after(1)) | {"fault": one.fault}
        lost += _change_held(session, claimed_by, [one.lease], queued)
    unharmed = [one.lease for one in releases if one.fault is None]
    return lost + _change_held(session, claimed_by, unharmed, _queued(0.0))


def _queued(delay: float) -> dict[str, Any]:
    return {"status": Status.QUEUED, "claimable_at": moment(delay), **UNCLAIMED}


def _end_expired_leases(session: Session, policy: RetryPolicy) -> None:
    """Queue again, or give up, what nobody has come back from."""
    expired = (Fractal.status == Status.RENDERING, Fractal.lease_expires_at <= moment())
    for one in _candidates(session, expired, Fractal.lease_expires_at, LARGEST_SWEEP):
        fault = (
            f"attempt {one.attempt} came to nothing: the lease of producer {one.claimed_by} ran "
            f"out at {one.lease_expires_at.isoformat(timespec='seconds')}Z"
        )
        _change(session, one, policy.after_failure(one.failures, fault, delayed=False))


def _candidates(
    session: Session, where: Iterable[ColumnElement[bool]], order_by: Any, count: int
) -> list[Row]:
    query = (
        select(
            Fractal.id,
            Fractal.attempt,
            Fractal.status,
            Fractal.failures,
            Fractal.claimed_by,
            Fractal.lease_expires_at,
        )
        .where(*where)
        .order_by(order_by)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return list(session.execute(query))


def _companions(candidates: list[Row]) -> list[Row]:
    """Return those that may be handed out together: the first suspect, or all that come before."""
    if candidates and is_suspect(candidates[0].failures):
        return candidates[:1]
    return list(takewhile(lambda one: not is_suspect(one.failures), candidates))


def _change_all(session: Session, candidates: list[Row], values: dict[str, Any]) -> list[int]:
    """Change those of ``candidates``, queued ones, that are so still; return their ids.

    One UPDATE does where the database has locked them, and mostly where it has not.
    """
    if not candidates:
        return []
    ids = [one.id for one in candidates]
    query = update(Fractal).where(Fractal.id.in_(ids), Fractal.status == Status.QUEUED)
    changed = execute_update(session, query.values(**values))
    if changed == len(ids):
        return ids
    # Which of them it were cannot be told.
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


@restarted
def _change_held(
    session: Session, claimed_by: str, leases: Sequence[Lease], values: dict[str, Any]
) -> list[str]:
    """Change what ``claimed_by`` still holds of ``leases``; return the uuids of the others."""
    if not leases:
        return []
    if _update_held(session, claimed_by, leases, values) == len(leases):
        session.commit()
        return []
    # Which of them it were cannot be told any more.
    session.rollback()
    query = select(Fractal.uuid, Fractal.attempt).where(*_still_held(claimed_by, leases))
    held = {Lease(uuid, attempt) for uuid, attempt in session.execute(query.with_for_update())}
    _update_held(session, claimed_by, [lease for lease in leases if lease in held], values)
    session.commit()
    return [lease.uuid for lease in leases if lease not in held]


def _update_held(
    session: Session, claimed_by: str, leases: Sequence[Lease], values: dict[str, Any]
) -> int:
    query = update(Fractal).where(*_still_held(claimed_by, leases)).values(**values)
    return execute_update(session, query)


def _still_held(claimed_by: str, leases: Sequence[Lease]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that are true of what ``claimed_by`` still holds of ``leases``."""
    return (
        Fractal.uuid.in_([lease.uuid for lease in leases]),
        tuple_(Fractal.uuid, Fractal.attempt).in_(leases),
        Fractal.claimed_by == claimed_by,
        Fractal.status == Status.RENDERING,
    )
