# SPDX-License-Identifier: Apache-2.0
"""Leases that producers hold: their renewal, the progress of their renders, and their release."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, children, events, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.identity import identified
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy
from faafo.db.pace import Pace
from faafo.db.queueing import UNCLAIMED
from faafo.db.statements import execute_update
from faafo.db.text import exact
from faafo.fractal.events import EventType
from faafo.fractal.lease import Lease, make_token
from faafo.fractal.task import Status

# Seconds between two events about the progress of a fractal, at least.
PROGRESS_PACE = Pace(1.0)


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
    children.show_progress(session, [str(row["of"]) for row in rows])
    if not subscriptions.current(session).is_empty:
        told = [str(row["of"]) for row in rows if PROGRESS_PACE.lets(str(row["of"]))]
        where = (Fractal.uuid.in_(told), Fractal.status == Status.RENDERING)
        events.record(session, EventType.PROGRESS, *where)
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
        lost += _change_held(session, claimed_by, [one.lease], queued, EventType.QUEUED)
    others = [one.lease for one in releases if one.fault is None]
    return lost + _change_held(session, claimed_by, others, _queued(0.0), EventType.QUEUED)


def _queued(delay: float) -> dict[str, Any]:
    return {"status": Status.QUEUED, "claimable_at": moment(delay), **UNCLAIMED}


@retry_on_deadlock
def _change_held(
    session: Session,
    claimed_by: str,
    leases: Sequence[Lease],
    values: dict[str, Any],
    kind: EventType | None = None,
) -> list[str]:
    """Change those ``leases`` that ``claimed_by`` still holds; return the uuids of the others.

    :param kind: the events that tell of it, if any do.
    """
    if not leases:
        return []
    if _update_held(session, claimed_by, leases, values) == len(leases):
        _tell(session, kind, leases)
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
    kept = [lease for lease in leases if lease in held]
    _update_held(session, claimed_by, kept, values)
    _tell(session, kind, kept)
    session.commit()
    return [lease.uuid for lease in leases if lease not in held]


def _tell(session: Session, kind: EventType | None, leases: Sequence[Lease]) -> None:
    if kind is not None:
        events.record(session, kind, Fractal.uuid.in_([lease.uuid for lease in leases]))


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
