# SPDX-License-Identifier: Apache-2.0
"""Claims: fractals are handed to producers on leases, which expire unless they are renewed.

Each change is one conditional UPDATE that states what it expects to find. That is fencing without
a lock, and the same on SQLite and MariaDB. Times are the database's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, usage
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.fractals import REFRESH
from faafo.db.identity import identified
from faafo.db.models import Fractal
from faafo.db.outcomes import UNCLAIMED, RetryPolicy
from faafo.db.statements import execute_update
from faafo.db.text import exact
from faafo.fractal.lease import Lease, make_token
from faafo.fractal.task import Status, is_quarantined

# Maximum number of expired leases that one claim ends.
LARGEST_SWEEP = 1000


@dataclass(frozen=True)
class Renewal:
    """A lease to extend; ``rows_done`` is the number of rows rendered so far, if known."""

    lease: Lease
    rows_done: int | None = None


@dataclass(frozen=True)
class Release:
    """A lease to end without a result; ``fault`` says why the fractal cannot be rendered now."""

    lease: Lease
    fault: str | None = None


@retry_on_deadlock
def claim(
    session: Session, claimed_by: str, count: int, seconds: float, policy: RetryPolicy
) -> Sequence[Fractal]:
    """Lease up to ``count`` queued fractals to ``claimed_by`` for ``seconds``, oldest first.

    A quarantined fractal is leased alone, so that no other lease is lost if it kills the claimant.
    Rows locked by another claim are skipped where the database supports that; where it does not,
    the attempt that each UPDATE expects lets only one claim win.
    """
    _end_expired_leases(session, policy)
    candidates = _batch(_candidates(session, _queued_by_now(), Fractal.id, count))
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
    claimed = session.scalars(query, execution_options=REFRESH).all() if won else []
    session.commit()
    return claimed


def is_any_claimable(session: Session) -> bool:
    """Return whether a claim would find a fractal, or a lease that has expired."""
    queries = (select(Fractal.id).where(*where()).limit(1) for where in (_queued_by_now, _expired))
    return any(session.scalar(query) is not None for query in queries)


def renew(
    session: Session, claimed_by: str, renewals: Sequence[Renewal], seconds: float
) -> list[str]:
    """Extend leases by ``seconds`` from now; return the uuids of those ``claimed_by`` has lost."""
    leases = [one.lease for one in renewals]
    lost = _change_held(session, claimed_by, leases, {"lease_expires_at": moment(seconds)})
    _record_progress(session, claimed_by, [one for one in renewals if one.lease.uuid not in lost])
    return lost


@retry_on_deadlock
def _record_progress(session: Session, claimed_by: str, renewals: Sequence[Renewal]) -> None:
    """Record the progress of renders; leases that were lost in this moment are passed over."""
    rows = [
        {"of": one.lease.uuid, "made_in": one.lease.attempt, "rows_done": one.rows_done}
        # Sorted, so that two transactions lock rows in the same order.
        for one in sorted(renewals, key=lambda one: one.lease.uuid)
        if one.rows_done is not None
    ]
    if not rows:
        return
    table = Fractal.__table__.c
    query = update(Fractal.__table__).where(
        table.uuid == bindparam("of"),
        table.attempt == bindparam("made_in"),
        exact(table.claimed_by) == claimed_by,
    )
    session.connection().execute(query, rows)
    session.commit()


def release(
    session: Session, claimed_by: str, releases: Sequence[Release], policy: RetryPolicy
) -> list[str]:
    """Queue claimed fractals again without counting a failure; return what ``renew`` returns.

    A fractal released with a fault waits for the first retry delay, and shows the fault until it
    is complete.
    """
    lost = []
    for one in (one for one in releases if one.fault is not None):
        queued = _queued(policy.delay_after(1)) | {"fault": one.fault}
        lost += _change_held(session, claimed_by, [one.lease], queued)
    others = [one.lease for one in releases if one.fault is None]
    return lost + _change_held(session, claimed_by, others, _queued(0.0))


def _queued(delay: float) -> dict[str, Any]:
    return {"status": Status.QUEUED, "claimable_at": moment(delay), **UNCLAIMED}


def _queued_by_now() -> tuple[ColumnElement[bool], ...]:
    return Fractal.status == Status.QUEUED, Fractal.claimable_at <= moment()


def _expired() -> tuple[ColumnElement[bool], ...]:
    return Fractal.status == Status.RENDERING, Fractal.lease_expires_at <= moment()


def _end_expired_leases(session: Session, policy: RetryPolicy) -> None:
    """Record a failure for each expired lease: queue its fractal again, or set it to error."""
    ended = []
    for one in _candidates(session, _expired(), Fractal.lease_expires_at, LARGEST_SWEEP):
        fault = (
            f"attempt {one.attempt} failed: the lease of producer {one.claimed_by} expired at "
            f"{one.lease_expires_at.isoformat(timespec='seconds')}Z"
        )
        values = policy.after_failure(one.failures, fault, delayed=False)
        is_last = values["status"] == Status.ERROR and one.project_id is not None
        if _change(session, one, values) and is_last:
            ended.append((one.project_id, usage.ENDED))
    usage.add(session, ended)


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


@retry_on_deadlock
def _change_held(
    session: Session, claimed_by: str, leases: Sequence[Lease], values: dict[str, Any]
) -> list[str]:
    """Change those ``leases`` that ``claimed_by`` still holds; return the uuids of the others."""
    if not leases:
        return []
    if _update_held(session, claimed_by, leases, values) == len(leases):
        session.commit()
        return []
    # The count does not say which of them are lost: look them up first.
    session.rollback()
    query = select(Fractal.uuid, Fractal.attempt, Fractal.incarnation)
    held: set[Lease] = set()
    for uuid, attempt, incarnation in session.execute(
        query.where(*_still_held(claimed_by, leases)).with_for_update()
    ):
        held |= {Lease(uuid, attempt), Lease(uuid, attempt, make_token(incarnation, attempt))}
    _update_held(session, claimed_by, [lease for lease in leases if lease in held], values)
    session.commit()
    return [lease.uuid for lease in leases if lease not in held]


def _update_held(
    session: Session, claimed_by: str, leases: Sequence[Lease], values: dict[str, Any]
) -> int:
    query = update(Fractal).where(*_still_held(claimed_by, leases)).values(**values)
    return execute_update(session, query)


def _still_held(claimed_by: str, leases: Sequence[Lease]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select those ``leases`` that ``claimed_by`` still holds."""
    return (
        *identified(*leases),
        exact(Fractal.claimed_by) == claimed_by,
        Fractal.status == Status.RENDERING,
    )
