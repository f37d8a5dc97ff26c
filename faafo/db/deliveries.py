# SPDX-License-Identifier: Apache-2.0
"""Deliveries: notifiers claim them on leases, as producers claim fractals, and report.

A claim pushes the time at which a delivery is due to the end of its lease, so that one whose
notifier has died is claimed again without further ado. What is due is looked up webhook by webhook:
one with a million deliveries, or whose receiver hangs, delays no other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, true, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.event_models import Delivery, DeliveryStatus, Event, Webhook
from faafo.db.statements import execute_update


@dataclass(frozen=True)
class Wanted:
    """What a notifier asks for.

    :param count: the most deliveries in all.
    :param per_webhook: the most deliveries of one webhook.
    :param busy: uuids of webhooks of which it takes none now.
    :param bus: whether it takes deliveries to the bus.
    """

    count: int
    per_webhook: int
    busy: Collection[str] = ()
    bus: bool = False


@dataclass(frozen=True)
class Claimed:
    """A delivery that was claimed, with what it needs; ``webhook`` is None for the bus."""

    id: int
    attempt: int
    event: Row
    webhook: Webhook | None
    secrets: tuple[str, ...] = ()


@retry_on_deadlock
def claim(session: Session, claimed_by: str, wanted: Wanted, seconds: float) -> Sequence[Claimed]:
    """Lease due deliveries to ``claimed_by`` for ``seconds``, the longest due of each webhook."""
    webhooks = _due_webhooks(session, wanted)
    ids = _candidates(session, webhooks, wanted)
    if not ids:
        session.commit()
        return []
    claimed = _lease(session, claimed_by, ids, seconds)
    session.commit()
    if not claimed:
        return []
    by_id: dict[int | None, Webhook] = {one.id: one for one in webhooks}
    now = session.scalars(select(moment())).one()
    events = _events(session, {event_id for _id, _attempt, event_id, _webhook in claimed})
    found = []
    for one_id, attempt, event_id, webhook_id in claimed:
        webhook = by_id.get(webhook_id)
        secrets = () if webhook is None else webhook.secrets(now)
        if event_id in events:
            found.append(Claimed(one_id, attempt, events[event_id], webhook, secrets))
    return found


def is_any_due(session: Session, bus: bool) -> bool:
    """Return whether a claim would find a delivery."""
    known = subscriptions.current(session)
    if bus and subscriptions.BUS in known.names and _bus_is_due(session):
        return True
    return known.has_webhooks and bool(_due_webhooks(session, Wanted(1, 1)))


@retry_on_deadlock
def renew(
    session: Session, claimed_by: str, held: Collection[tuple[int, int]], seconds: float
) -> list[int]:
    """Extend leases by ``seconds`` from now; return the ids of those ``claimed_by`` has lost.

    :param held: ids and attempts of deliveries.
    """
    return _change_all(session, claimed_by, held, {"due_at": moment(seconds)})


@retry_on_deadlock
def release(session: Session, claimed_by: str, held: Collection[tuple[int, int]]) -> list[int]:
    """Let others claim deliveries at once; return what ``renew`` returns."""
    return _change_all(session, claimed_by, held, {"due_at": moment(), "claimed_by": None})


def _change_all(
    session: Session, claimed_by: str, held: Collection[tuple[int, int]], values: dict[str, Any]
) -> list[int]:
    lost = [
        one_id
        for one_id, attempt in sorted(held)
        if not change(session, claimed_by, one_id, attempt, values)
    ]
    session.commit()
    return lost


def _due_webhooks(session: Session, wanted: Wanted) -> list[Webhook]:
    """Return the enabled webhooks with a delivery that is due, the longest due first.

    The first due time of each is looked up in the index, however many deliveries it has.
    """
    first = (
        select(Delivery.due_at)
        .where(Delivery.status == DeliveryStatus.PENDING, Delivery.webhook_id == Webhook.id)
        .order_by(Delivery.due_at)
        .limit(1)
        .scalar_subquery()
    )
    enabled = select(Webhook.id, first.label("due_at"))
    enabled = enabled.where(Webhook.enabled == true(), Webhook.uuid.not_in(wanted.busy))
    due = enabled.subquery()
    query = (
        select(Webhook)
        .join(due, due.c.id == Webhook.id)
        .where(due.c.due_at <= moment())
        .order_by(due.c.due_at, Webhook.id)
        .limit(wanted.count)
    )
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def _bus_is_due(session: Session) -> bool:
    query = select(Delivery.id).where(*_is_due(None)).limit(1)
    return session.scalar(query) is not None


def _is_due(webhook_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.status == DeliveryStatus.PENDING,
        Delivery.webhook_id.is_(None) if webhook_id is None else Delivery.webhook_id == webhook_id,
        Delivery.due_at <= moment(),
    )


def _candidates(session: Session, webhooks: Sequence[Webhook], wanted: Wanted) -> list[int]:
    """Return the ids of deliveries that are due: some of each webhook, and of the bus the rest."""
    found: list[int] = []
    for one in webhooks:
        if len(found) < wanted.count:
            found += _first_due(session, one.id, min(wanted.per_webhook, wanted.count - len(found)))
    if wanted.bus and len(found) < wanted.count:
        found += _first_due(session, None, wanted.count - len(found))
    return found


def _first_due(session: Session, webhook_id: int | None, count: int) -> Sequence[int]:
    query = select(Delivery.id).where(*_is_due(webhook_id))
    return session.scalars(query.order_by(Delivery.due_at).limit(count)).all()


def _lease(
    session: Session, claimed_by: str, ids: list[int], seconds: float
) -> list[tuple[int, int, int, int | None]]:
    """Claim those of the deliveries that are still due; return them with their new attempts."""
    values = {
        "attempt": Delivery.attempt + 1,
        "claimed_by": claimed_by,
        "due_at": moment(seconds),
    }
    locked = select(Delivery.id, Delivery.attempt, Delivery.event_id, Delivery.webhook_id)
    still_due = (Delivery.status == DeliveryStatus.PENDING, Delivery.due_at <= moment())
    locked = locked.where(Delivery.id.in_(ids), *still_due).order_by(Delivery.id)
    rows = session.execute(locked.with_for_update(skip_locked=True)).all()
    if not rows:
        return []
    same = Delivery.id.in_([row.id for row in rows])
    changed = execute_update(session, update(Delivery).where(same, *still_due).values(**values))
    if changed != len(rows):
        # SQLite has not locked the rows: another claim was faster.
        session.rollback()
        return []
    return [(row.id, row.attempt + 1, row.event_id, row.webhook_id) for row in rows]


def _events(session: Session, ids: Collection[int]) -> dict[int, Row]:
    query = select(Event.id, Event.uuid, Event.type, Event.created_at, Event.body)
    return {one.id: one for one in session.execute(query.where(Event.id.in_(ids)))}


def change(
    session: Session, claimed_by: str, one_id: int, attempt: int, values: dict[str, Any]
) -> bool:
    """Change a delivery that ``claimed_by`` still holds; tell whether it does.

    The caller commits.
    """
    same = (
        Delivery.id == one_id,
        Delivery.attempt == attempt,
        Delivery.claimed_by == claimed_by,
        Delivery.status == DeliveryStatus.PENDING,
    )
    return execute_update(session, update(Delivery).where(*same).values(**values)) == 1
