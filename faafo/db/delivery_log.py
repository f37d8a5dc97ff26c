# SPDX-License-Identifier: Apache-2.0
"""The log of a webhook's deliveries, their redelivery, and how long all of it is kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session, subscriptions
from faafo.db.clock import moment
from faafo.db.deadline import BOUNDED
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.event_models import Delivery, DeliveryStatus, Event
from faafo.db.statements import execute_update

COLUMNS = (
    *(Delivery.id, Delivery.status, Delivery.failures, Delivery.attempt, Delivery.due_at),
    *(Delivery.http_status, Delivery.fault, Delivery.duration, Delivery.updated_at),
    *(Event.uuid.label("event"), Event.type, Event.fractal_uuid, Event.created_at),
)
# Events that one purge deletes, and deliveries that are counted, or queued again, at most.
MOST = 1000
PURGES = 3


def page(
    session: Session,
    webhook_id: int,
    size: int,
    marker: int | None = None,
    status: DeliveryStatus | None = None,
) -> Sequence[Row]:
    """Return deliveries of a webhook, newest first.

    :param marker: the id of the last delivery on the page before.
    """
    query = select(*COLUMNS).join(Event, Event.id == Delivery.event_id)
    query = query.where(Delivery.webhook_id == webhook_id)
    if marker is not None:
        query = query.where(Delivery.id < marker)
    if status is not None:
        query = query.where(Delivery.status == status)
    query = query.order_by(Delivery.id.desc()).limit(size)
    return session.execute(query, execution_options=BOUNDED).all()


def failed(session: Session, webhook_id: int) -> int:
    """Return how many deliveries of a webhook were given up, MOST at most."""
    some = select(Delivery.id).where(*_given_up(webhook_id)).limit(MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _given_up(webhook_id: int) -> tuple[ColumnElement[bool], ...]:
    return Delivery.status == DeliveryStatus.FAILED, Delivery.webhook_id == webhook_id


def redeliver(session: Session, webhook_id: int, delivery_id: int) -> int:
    """Queue a delivery again, whether it was delivered or given up, or waits for its next attempt.

    Return 0 when a notifier makes it at present, else 1.

    :raises faafo.errors.DeliveryNotFound: when the webhook has none of that number.
    """
    is_free = or_(Delivery.status != DeliveryStatus.PENDING, Delivery.claimed_by.is_(None))
    same = (Delivery.webhook_id == webhook_id, Delivery.id == delivery_id)
    if session.scalar(select(Delivery.id).where(*same)) is None:
        raise errors.DeliveryNotFound(f"delivery: this webhook has none of number {delivery_id}")
    return _queue(session, webhook_id, Delivery.id == delivery_id, is_free)


@retry_on_deadlock
def redeliver_failed(session: Session, webhook_id: int, since: datetime | None) -> int:
    """Queue deliveries again that were given up since a time (UTC), or at all.

    Return how many: MOST at a time, the oldest first.
    """
    where = [*_given_up(webhook_id)]
    if since is not None:
        where.append(Delivery.updated_at >= since)
    query = select(Delivery.id).where(*where).order_by(Delivery.id).limit(MOST)
    ids = session.scalars(query).all()
    return _queue(session, webhook_id, Delivery.id.in_(ids), where[0]) if ids else 0


@retry_on_deadlock
def _queue(session: Session, webhook_id: int, *where: ColumnElement[bool]) -> int:
    values = {
        "status": DeliveryStatus.PENDING,
        "failures": 0,
        "due_at": moment(),
        "claimed_by": None,
    }
    query = update(Delivery).where(Delivery.webhook_id == webhook_id, *where)
    changed = execute_update(session, query.values(**values))
    session.commit()
    return changed


def purge(session: Session, seconds: float) -> int:
    """Delete events older than that with their deliveries; return how many.

    Some thousand at a time: the caller does so again soon.
    """
    total = 0
    for _ in range(PURGES):
        deleted = _purge(session, seconds)
        total += deleted
        if deleted < MOST:
            break
    return total


@retry_on_deadlock
def _purge(session: Session, seconds: float) -> int:
    limit = session.scalars(select(moment(-seconds))).one()
    # By id, which grows with time: no index of the time is needed.
    oldest = select(Event.id, Event.created_at).order_by(Event.id).limit(MOST)
    ids = [one.id for one in session.execute(oldest) if one.created_at < limit]
    if ids:
        session.execute(delete(Delivery).where(Delivery.event_id.in_(ids)))
        session.execute(delete(Event).where(Event.id.in_(ids)))
    subscriptions.remove_expired(session)
    session.commit()
    return len(ids)
