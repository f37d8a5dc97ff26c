# SPDX-License-Identifier: Apache-2.0
"""The log of a webhook's deliveries, their redelivery, and how long all of it is kept."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.event_models import Delivery, DeliveryStatus, Event
from faafo.db.statements import execute_update

COLUMNS = (
    *(Delivery.id, Delivery.status, Delivery.failures, Delivery.attempt, Delivery.due_at),
    *(Delivery.http_status, Delivery.fault, Delivery.duration, Delivery.updated_at),
    *(Event.uuid.label("event"), Event.type, Event.fractal_uuid, Event.created_at),
)
# Events that one purge deletes at most.
LARGEST_PURGE = 1000


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
    return session.execute(query.order_by(Delivery.id.desc()).limit(size)).all()


def failed(session: Session, webhook_ids: Collection[int]) -> dict[int, int]:
    """Return how many deliveries of webhooks were given up, where any were."""
    query = select(Delivery.webhook_id, func.count().label("total"))
    query = query.where(Delivery.status == DeliveryStatus.FAILED)
    query = query.where(Delivery.webhook_id.in_(webhook_ids)).group_by(Delivery.webhook_id)
    return {one.webhook_id: one.total for one in session.execute(query)}


def redeliver(session: Session, webhook_id: int, delivery_id: int) -> None:
    """Queue a delivery again, whether it was delivered or given up.

    :raises faafo.errors.DeliveryNotFound: when the webhook has none of that number.
    """
    if not _queue(session, webhook_id, Delivery.id == delivery_id):
        raise errors.DeliveryNotFound(f"delivery: this webhook has none of number {delivery_id}")


def redeliver_failed(session: Session, webhook_id: int, since: datetime | None) -> int:
    """Queue all deliveries again that were given up since a time (UTC), or at all."""
    where: list[ColumnElement[bool]] = [Delivery.status == DeliveryStatus.FAILED]
    if since is not None:
        where.append(Delivery.updated_at >= since)
    return _queue(session, webhook_id, *where)


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


@retry_on_deadlock
def purge(session: Session, seconds: float) -> int:
    """Delete events older than that with their deliveries, some at a time; return how many."""
    limit = session.scalars(select(moment(-seconds))).one()
    # By id, which grows with time: no index of the time is needed.
    oldest = select(Event.id, Event.created_at).order_by(Event.id).limit(LARGEST_PURGE)
    ids = [one.id for one in session.execute(oldest) if one.created_at < limit]
    if ids:
        session.execute(delete(Delivery).where(Delivery.event_id.in_(ids)))
        session.execute(delete(Event).where(Event.id.in_(ids)))
    subscriptions.remove_expired(session)
    session.commit()
    return len(ids)
