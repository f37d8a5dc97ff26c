# SPDX-License-Identifier: Apache-2.0
"""Deliveries: notifiers claim them on leases, as producers claim fractals.

A claim pushes the time at which a delivery is due to the end of its lease, so that one whose
notifier has died is claimed again without further ado. Deliveries are claimed in the order in which
they are due, but few of each webhook, and of each project at a receiver: one with a million of
them, or whose receiver is slow or hangs, delays no other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.delivery_choice import Choice, Wanted
from faafo.db.event_models import Delivery, DeliveryStatus, Event, Webhook
from faafo.db.statements import execute_update
from faafo.db.text import exact

# Due deliveries that a claim looks at in a pass, and passes: each passes over webhooks and tenants
# of which the one before has found enough.
LARGEST_PASS = 500
PASSES = 8
DISABLED = "not tried: the webhook is disabled"
# What a notifier is told of an event.
EVENTS = select(
    *(Event.id, Event.uuid, Event.type, Event.created_at, Event.body),
    *(Event.request_id, Event.traceparent),
)
_IS_DUE = (Delivery.status == DeliveryStatus.PENDING, Delivery.due_at <= moment())


@dataclass(frozen=True)
class Claimed:
    """A delivery that was claimed; ``webhook`` and ``tenant`` are None for the bus."""

    id: int
    attempt: int
    event: Row
    webhook: Webhook | None
    tenant: int | None = None
    secrets: tuple[str, ...] = ()


@retry_on_deadlock
def claim(session: Session, claimed_by: str, wanted: Wanted, seconds: float) -> Sequence[Claimed]:
    """Lease due deliveries to ``claimed_by`` for ``seconds``, the longest due first.

    Deliveries to a webhook that is disabled are given up when they are due.
    """
    choice = _choose(session, wanted)
    claimed = _lease(session, claimed_by, choice.ids, seconds) if choice.ids else []
    session.commit()
    if not claimed:
        return []
    now = session.scalars(select(moment())).one()
    events = _events(session, {row.event_id for row in claimed})
    found = []
    for row in claimed:
        webhook = choice.webhooks.get(row.webhook_id)
        secrets = () if webhook is None else webhook.secrets(now)
        tenant = None if webhook is None else choice.tenant(row)
        if row.event_id in events:
            event = events[row.event_id]
            found.append(Claimed(row.id, row.attempt + 1, event, webhook, tenant, secrets))
    return found


def is_any_due(session: Session, bus: bool) -> bool:
    """Return whether a claim would find a delivery, or one to give up."""
    known = subscriptions.current(session)
    kinds = []
    if bus and subscriptions.BUS in known.names:
        kinds.append(True)
    if known.has_webhooks:
        kinds.append(False)
    return any(session.scalar(_due(kind).limit(1)) is not None for kind in kinds)


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


def change(
    session: Session, claimed_by: str, one_id: int, attempt: int, values: dict[str, Any]
) -> bool:
    """Change a delivery that ``claimed_by`` still holds; tell whether it does.

    The caller commits.
    """
    same = (
        Delivery.id == one_id,
        Delivery.attempt == attempt,
        exact(Delivery.claimed_by) == claimed_by,
        Delivery.status == DeliveryStatus.PENDING,
    )
    return execute_update(session, update(Delivery).where(*same).values(**values)) == 1


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


def _choose(session: Session, wanted: Wanted) -> Choice:
    """Choose deliveries that are due: to the bus, up to a half, and some of each webhook.

    Webhooks may have more of them than notifiers have places, for hours. The bus has the rest, too.
    """
    busy = select(Webhook.id).where(Webhook.uuid.in_(wanted.busy))
    passed_over = set(session.scalars(busy)) if wanted.busy else set()
    choice = Choice(wanted, passed_over, set(wanted.busy_tenants))
    to_bus = _to_bus(session, wanted.count) if wanted.bus else []
    half = (wanted.count + 1) // 2
    choice.ids += to_bus[:half]
    for _ in range(PASSES):
        if not choice.left:
            break
        others = Delivery.webhook_id.not_in(choice.passed_over), Delivery.id.not_in(choice.ids)
        tenant = or_(Delivery.tenant.is_(None), Delivery.tenant.not_in(choice.passed_tenants))
        query = _due(False).where(*others, tenant).order_by(Delivery.due_at).limit(LARGEST_PASS)
        rows = session.execute(query).all()
        _choose_of(session, choice, rows)
        if len(rows) < LARGEST_PASS:
            break
    choice.ids += to_bus[half : half + choice.left]
    return choice


def _to_bus(session: Session, count: int) -> list[int]:
    query = _due(True).order_by(Delivery.due_at).limit(count)
    return [row.id for row in session.execute(query)]


def _choose_of(session: Session, choice: Choice, rows: Sequence[Row]) -> None:
    """Choose some of the deliveries ``rows``; give up those that nobody is to get."""
    unknown = {row.webhook_id for row in rows} - choice.webhooks.keys()
    query = select(Webhook).where(Webhook.id.in_(unknown))
    refreshed = session.scalars(query, execution_options={"populate_existing": True})
    choice.webhooks |= {one.id: one for one in refreshed}
    disabled, orphaned = [], []
    for row in rows:
        webhook = choice.webhooks.get(row.webhook_id)
        if webhook is None:
            orphaned.append(row.id)
        elif not webhook.enabled:
            disabled.append(row.id)
        else:
            choice.add(row)
    _give_up(session, disabled, orphaned)


def _give_up(session: Session, disabled: list[int], orphaned: list[int]) -> None:
    if disabled:
        values = {"status": DeliveryStatus.FAILED, "fault": DISABLED, "updated_at": moment()}
        given_up = update(Delivery).where(Delivery.id.in_(disabled), *_IS_DUE).values(**values)
        execute_update(session, given_up)
    if orphaned:
        session.execute(delete(Delivery).where(Delivery.id.in_(orphaned)))


def _due(bus: bool) -> Any:
    is_bus: ColumnElement[bool] = Delivery.bus == bus
    columns = (Delivery.id, Delivery.webhook_id, Delivery.tenant)
    return select(*columns).where(is_bus, *_IS_DUE)


def _lease(session: Session, claimed_by: str, ids: list[int], seconds: float) -> Sequence[Row]:
    """Claim those of the deliveries that are still due; return them as they were before."""
    columns = (Delivery.id, Delivery.attempt, Delivery.event_id, Delivery.webhook_id)
    due = select(*columns, Delivery.tenant).where(Delivery.id.in_(ids), *_IS_DUE)
    rows = session.execute(due.order_by(Delivery.id).with_for_update(skip_locked=True)).all()
    if not rows:
        return []
    values = {
        "attempt": Delivery.attempt + 1,
        "claimed_by": claimed_by,
        "due_at": moment(seconds),
    }
    same = Delivery.id.in_([row.id for row in rows])
    changed = execute_update(session, update(Delivery).where(same, *_IS_DUE).values(**values))
    if changed != len(rows):
        # SQLite has not locked the rows: another claim was faster.
        session.rollback()
        return []
    return rows


def _events(session: Session, ids: Collection[int]) -> dict[int, Row]:
    return {one.id: one for one in session.execute(EVENTS.where(Event.id.in_(ids)))}
