# SPDX-License-Identifier: Apache-2.0
"""The outbox: events are written in the transaction of the change they tell of.

While nobody wants events, nothing is written. A fractal that was posted with a callback has events
of its end in any case: its row says so, since another process may know of the callback later.
"""

import uuid as uuidlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, subscriptions, tenants
from faafo.db.clock import moment
from faafo.db.event_models import Delivery, Event
from faafo.db.models import CollectedFractal, Fractal
from faafo.db.subscriptions import BUS, STREAM, Subscriptions, Target
from faafo.fractal.events import ENDINGS, PARTS, RESULT, EventType, fractal_data, payload

# Without functions among the values: PyMySQL would send each row as a statement of its own.
INSERT_EVENTS = insert(Event.__table__)
INSERT_DELIVERIES = insert(Delivery.__table__)
COLUMNS = (
    *("id", "uuid", "created_at", "project_id", "shared", "status", "attempt", "failures"),
    *("fault", "rows_done", "width", "height", "callback_id", *RESULT),
    *("request_id", "traceparent", "film", *PARTS),
)
ROWS = select(*(Fractal.__table__.c[name] for name in COLUMNS))

# What streams need of events.
STREAMED = select(
    *(Event.id, Event.uuid, Event.type, Event.fractal_uuid, Event.project_id),
    *(Event.shared, Event.body),
).order_by(Event.id)


def record(session: Session, kind: EventType, *where: ColumnElement[bool]) -> None:
    """Write events about the fractals for which all conditions hold, and their deliveries.

    The caller has changed their rows in the same transaction, and commits; before a deletion it
    calls this first.
    """
    wanted = subscriptions.current(session)
    if wanted.is_empty and kind not in ENDINGS:
        return
    # Of children their parent tells.
    query = ROWS.where(*where, Fractal.parent.is_(None))
    if wanted.is_empty:
        query = query.where(Fractal.callback_id.is_not(None))
    rows = session.execute(query.order_by(Fractal.id)).all()
    changes: list[tuple[EventType, Row, Sequence[int | None]]] = []
    for one_kind, those in _told(kind, rows):
        receivers = _receivers(session, one_kind, those, wanted)
        # Streams and the bus want every event; webhooks only those of their own.
        changes += [
            (one_kind, one, receivers[one.id]) for one in those if wanted.names or receivers[one.id]
        ]
    write(session, changes)


def _told(kind: EventType, rows: Sequence[Row]) -> Iterator[tuple[EventType, Sequence[Row]]]:
    """Yield the types of events that tell of a change, and the fractals of which they do."""
    if rows:
        yield kind, rows
    if kind is EventType.COMPLETE:
        shared = [one for one in rows if one.children]
        if posters := [one for one in shared if one.film is None]:
            yield EventType.POSTER_COMPLETE, posters
        if films := [one for one in shared if one.film is not None]:
            yield EventType.FILM_COMPLETE, films


def write(session: Session, changes: Sequence[tuple[EventType, Row, Sequence[int | None]]]) -> None:
    """Insert events with their deliveries: to webhooks by id, and to the bus as None."""
    if not changes:
        return
    now = session.scalars(select(moment())).one()
    events = [_event(kind, row, now) for kind, row, _receivers in changes]
    session.connection().execute(INSERT_EVENTS, events)
    by_uuid = {
        event["uuid"]: receivers
        for event, (_kind, _row, receivers) in zip(events, changes, strict=True)
        if receivers
    }
    deliver(session, by_uuid, now)


def deliver(session: Session, receivers: dict[str, Sequence[int | None]], now: datetime) -> None:
    """Queue deliveries of events, by uuid."""
    if not receivers:
        return
    ids = session.execute(select(Event.id, Event.uuid).where(Event.uuid.in_(list(receivers))))
    webhooks = {one for some in receivers.values() for one in some if one is not None}
    tenant = tenants.of_webhooks(session, webhooks)
    rows = [
        {
            "event_id": one.id,
            "bus": receiver is None,
            "webhook_id": receiver,
            "tenant": tenant.get(receiver),
            "due_at": now,
            "updated_at": now,
        }
        for one in ids
        for receiver in receivers[one.uuid]
    ]
    session.connection().execute(INSERT_DELIVERIES, rows)


def after(session: Session, last_id: int, limit: int) -> Sequence[Row]:
    """Return up to ``limit`` events with greater ids, by id.

    An event with a smaller id may become visible later: its transaction has not been committed.
    """
    return session.execute(STREAMED.where(Event.id > last_id).limit(limit)).all()


def with_ids(session: Session, ids: Iterable[int]) -> Sequence[Row]:
    """Return the events with these ids, as ``after`` does."""
    return session.execute(STREAMED.where(Event.id.in_(list(ids)))).all()


def latest_id(session: Session) -> int:
    """Return the greatest id of an event that is kept; 0 if there is none."""
    return session.scalar(select(func.max(Event.id))) or 0


def oldest_id(session: Session) -> int:
    """Return the smallest id of an event that is kept; 0 if there is none."""
    return session.scalar(select(func.min(Event.id))) or 0


def lost_since(session: Session, last_id: int) -> str | None:
    """Return why events after this one may be missing for a stream; None if they are all kept."""
    written_at = session.scalar(select(Event.created_at).where(Event.id == last_id))
    if written_at is None:
        is_future = last_id > latest_id(session)
        return f"there is no event {last_id} {'yet' if is_future else 'any more'}"
    began_at = subscriptions.began_at(session, STREAM)
    if began_at is None or written_at < began_at:
        return f"after event {last_id} events were not written for some time"
    return None


def _event(kind: EventType, row: Row, now: datetime) -> dict[str, Any]:
    return {
        "uuid": str(uuidlib.uuid4()),
        "type": kind,
        "fractal_uuid": row.uuid,
        "project_id": row.project_id,
        "shared": row.shared,
        "attempt": row.attempt,
        "body": payload(kind, now, fractal_data(kind, row._asdict())),
        "created_at": now,
        "request_id": row.request_id,
        "traceparent": row.traceparent,
    }


def _receivers(
    session: Session, kind: EventType, rows: Sequence[Row], wanted: Subscriptions
) -> dict[int, list[int | None]]:
    """Return the webhooks that get an event about each fractal, by its id; None is the bus."""
    # Few projects have fractals in a transaction, and many may have webhooks.
    projects = {row.project_id for row in rows}
    targets = [one for one in wanted.targets if kind in one.types and one.project_id in projects]
    members = _members(session, rows, [one for one in targets if one.collection_id is not None])
    found: dict[int, list[int | None]] = {}
    for row in rows:
        receivers: list[int | None] = [one.id for one in targets if _is_about(one, row, members)]
        if BUS in wanted.names:
            receivers.append(None)
        if row.callback_id is not None and kind in ENDINGS:
            receivers.append(row.callback_id)
        found[row.id] = receivers
    return found


def _is_about(target: Target, row: Row, members: set[tuple[int, int]]) -> bool:
    if target.project_id != row.project_id:
        return False
    return target.collection_id is None or (target.collection_id, row.id) in members


def _members(
    session: Session, rows: Sequence[Row], targets: Sequence[Target]
) -> set[tuple[int, int]]:
    """Return which of the fractals are in the collections of the targets."""
    if not targets:
        return set()
    member = CollectedFractal
    query = select(member.collection_id, member.fractal_id).where(
        member.collection_id.in_({one.collection_id for one in targets}),
        member.fractal_id.in_([one.id for one in rows]),
    )
    return {(one.collection_id, one.fractal_id) for one in session.execute(query)}
