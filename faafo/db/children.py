# SPDX-License-Identifier: Apache-2.0
"""Parents and children: a poster or a film, and its bands or frames, which many workers render.

A parent whose children are open is ``rendering`` without a claim, so that nobody can claim it and
no lease of it expires. Its children are ordinary fractals, but of no project: they are counted and
shown as their parent alone. Whatever changes the status of a child changes its parent in the same
transaction: the last result queues the parent, whose claim is the join; a child in error ends the
parent and all other children. So a parent that is rendering without a claim always has an open
child that can be claimed.

Transactions that change a child lock it first and its parent next. Where those that change the
parent first meet them, the database ends one, which is then repeated.
"""

import secrets
import uuid as uuidlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Row, case, func, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, events, subscriptions, usage
from faafo.db.models import Fractal
from faafo.db.pace import Pace
from faafo.db.queueing import UNCLAIMED, requeued
from faafo.db.statements import execute_update
from faafo.fractal.drawing import PARTS_PARAMETERS
from faafo.fractal.events import EventType
from faafo.fractal.film import Plan
from faafo.fractal.parts import BROKEN, Band
from faafo.fractal.task import UNFINISHED, Status

CANCELLED = "cancelled: another part of the picture is in error"
# Seconds between two sums of the rows of a parent, at least.
SUM_PACE = Pace(1.0)
# What a session tells its API, and a set of uuids of parents.
_JOINED, _QUEUED, _PARTS = "joined", "queued for their join", "parts"


class Seen(Protocol):
    """What is to be known of a fractal whose status has changed."""

    @property
    def uuid(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def children(self) -> int | None: ...


def rows(
    parent: Mapping[str, Any], parameters: int, bands: Sequence[Band], film: Plan | None
) -> list[dict[str, Any]]:
    """Return the columns of the children of a fractal that is posted.

    :param parent: its columns.
    :param parameters: the version of the drawing parameters that they have as whole pictures.
    :param bands: into which it is divided, if it is a poster.
    """
    own = {"project_id": None, "user_id": None, "shared": False, "callback_id": None}
    if film is None:
        # In one INSERT all rows have the same columns.
        none: dict[str, Any] = {"film": None, "frame": None, "parameter_version": PARTS_PARAMETERS}
        parts = [none | {"first_row": one.first_row, "band_rows": one.rows} for one in bands]
    else:
        none = {"film": None, "first_row": None, "band_rows": None}
        none["parameter_version"] = parameters
        parts = [
            none | {"frame": number, **one._asdict()} for number, one in enumerate(film.frames)
        ]
    return [
        {
            **parent,
            **own,
            "uuid": str(uuidlib.uuid4()),
            "incarnation": secrets.token_hex(8),
            "status": Status.QUEUED,
            "parent": parent["uuid"],
            "children": None,
            "open_children": None,
            "lock_token": None,
            **part,
        }
        for part in parts
    ]


def follow(session: Session, before: Iterable[Seen], status: str, fault: str | None = None) -> None:
    """Change the parents of fractals, which were ``before`` and now have that status.

    :param fault: of those that are in error now.
    """
    seen = [*before]
    changed = [one for one in seen if one.status != status]
    if status == Status.COMPLETE:
        # Those whose result arrives twice, too.
        parts = {one.uuid for one in seen if one.parent}
        if parts:
            session.info.setdefault(_PARTS, set()).update(parts)
        for parent, count in sorted(Counter(one.parent for one in changed if one.parent).items()):
            _count_down(session, parent, count)
        joined = [one.uuid for one in changed if one.children]
        if joined:
            session.info.setdefault(_JOINED, set()).update(joined)
    elif status == Status.ERROR:
        for one in sorted((one for one in changed if one.parent), key=lambda one: one.uuid):
            _fail(session, one, fault)


def _count_down(session: Session, parent: str, count: int) -> None:
    """Count children that are complete; queue the parent for its join after the last one."""
    left = Fractal.open_children - count
    query = update(Fractal).where(Fractal.uuid == parent, Fractal.open_children >= count)
    execute_update(session, query.values(open_children=left))
    ready = (*_waiting(parent), Fractal.open_children == 0)
    # Its render has begun in time.
    values = {**requeued(), "expires_at": None, **UNCLAIMED}
    if execute_update(session, update(Fractal).where(*ready).values(**values)):
        events.record(session, EventType.QUEUED, Fractal.uuid == parent)
        session.info.setdefault(_QUEUED, set()).add(parent)
    else:
        _sum(session, parent)


def _waiting(parent: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a parent that waits for its children."""
    return (
        Fractal.uuid == parent,
        Fractal.status == Status.RENDERING,
        Fractal.claimed_by.is_(None),
    )


def _fail(session: Session, child: Seen, fault: str | None) -> None:
    """End the parent of a child in error, and its other children."""
    parent = child.parent or ""
    text = f"fractal {child.uuid}, a part of this picture, is in error: {fault}"
    values = {"status": Status.ERROR, "fault": text, **UNCLAIMED}
    if not execute_update(session, update(Fractal).where(*_waiting(parent)).values(**values)):
        return
    others = [one.id for one in lock(session, [parent]) if one.status in UNFINISHED]
    values = {"status": Status.ERROR, "fault": CANCELLED, **UNCLAIMED}
    execute_update(session, update(Fractal).where(Fractal.id.in_(others)).values(**values))
    project_id = session.scalar(select(Fractal.project_id).where(Fractal.uuid == parent))
    usage.add(session, [(project_id, usage.ENDED)])
    events.record(session, EventType.ERROR, Fractal.uuid == parent)


def must_render(parent: Fractal) -> bool:
    """Tell whether a retry of a fractal in error is one of its children.

    If all are complete, the join has failed. Then they are missing only if it has said so: they are
    queued again, and workers find those segments that are stored.
    """
    if not parent.children or parent.status != Status.ERROR:
        return False
    return bool(parent.open_children) or any(one in (parent.fault or "") for one in BROKEN)


def retry(session: Session, uuid: str, incarnation: str) -> bool:
    """Queue the children of a fractal in error that are not complete; tell whether it was one.

    If all are complete, queue them all.
    """
    same = (Fractal.uuid == uuid, Fractal.incarnation == incarnation)
    values = {
        "status": Status.RENDERING,
        # Results of an earlier join come too late.
        "attempt": Fractal.attempt + 1,
        "failures": 0,
        **UNCLAIMED,
    }
    # It is changed first: only that locks SQLite.
    query = update(Fractal).where(*same, Fractal.status == Status.ERROR).values(**values)
    if not execute_update(session, query):
        return False
    found = lock(session, [uuid])
    missing = [one.id for one in found if one.status != Status.COMPLETE]
    again = missing or [one.id for one in found]
    queued = update(Fractal).where(Fractal.id.in_(again)).values(**requeued(), **UNCLAIMED)
    execute_update(session, queued)
    execute_update(session, update(Fractal).where(*same).values(open_children=len(again)))
    project_id = session.scalar(select(Fractal.project_id).where(*same))
    usage.add(session, [(project_id, -usage.ENDED)])
    events.record(session, EventType.RENDERING, *same)
    return True


def lock(session: Session, parents: Sequence[str]) -> Sequence[Row]:
    """Lock the children of parents whose rows are locked; return their ids and statuses.

    By id: a scan of an index that has status in it would miss one that is queued again behind it.
    """
    ids = session.scalars(select(Fractal.id).where(Fractal.parent.in_(parents))).all()
    query = select(Fractal.id, Fractal.status).where(Fractal.id.in_(ids)).with_for_update()
    for dialect in ("mysql", "mariadb"):
        query = query.with_hint(Fractal, "FORCE INDEX (PRIMARY)", dialect)
    return session.execute(query).all()


def show_progress(session: Session, uuids: Sequence[str]) -> None:
    """Sum up the rows of the parents of fractals, whose own rows have changed."""
    query = select(Fractal.parent).where(Fractal.uuid.in_(uuids), Fractal.parent.is_not(None))
    for parent in sorted(filter(None, session.scalars(query.distinct()))):
        _sum(session, parent)


def _sum(session: Session, parent: str) -> None:
    if not SUM_PACE.lets(parent):
        return
    all_rows = func.coalesce(Fractal.band_rows, Fractal.height)
    done = case((Fractal.status == Status.COMPLETE, all_rows), else_=Fractal.rows_done)
    summed = select(func.sum(done), func.count(Fractal.frame)).where(Fractal.parent == parent)
    total, frames = session.execute(summed).one()
    # Of a film each row has been rendered once all frames have it.
    rows_done = int(total or 0) // (frames or 1)
    query = update(Fractal).where(*_waiting(parent)).values(rows_done=rows_done)
    execute_update(session, query)
    if not subscriptions.current(session).is_empty:
        events.record(session, EventType.PROGRESS, *_waiting(parent))


def of(session: Session, parent: str) -> Sequence[Row]:
    """Return uuid, status, rows, rows done, fault and worker of the children, in their order."""
    columns = (
        *(Fractal.uuid, Fractal.status, Fractal.first_row, Fractal.band_rows, Fractal.frame),
        *(Fractal.height, Fractal.rows_done, Fractal.fault, Fractal.generated_by, Fractal.duration),
        *(Fractal.image_token, Fractal.incarnation, Fractal.attempt, Fractal.checksum),
    )
    query = select(*columns).where(Fractal.parent == parent)
    query = query.order_by(Fractal.first_row, Fractal.frame)
    return session.execute(query).all()


def take_joined(session: Session) -> set[str]:
    """Return the parents that are complete since this was last called in the session."""
    return session.info.pop(_JOINED, set())


def take_parts(session: Session) -> set[str]:
    """Return the children whose results have been recorded since this was last called."""
    return session.info.pop(_PARTS, set())


def take_queued(session: Session) -> set[str]:
    """Return the parents that are queued for their join since this was last called."""
    return session.info.pop(_QUEUED, set())


def with_parts(session: Session, counts: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers of fractals by status with those of children that have not ended."""
    query = select(Fractal.status, func.count().label("total")).where(
        Fractal.status.in_(UNFINISHED), Fractal.parent.is_not(None)
    )
    found = {one.status: one.total for one in session.execute(query.group_by(Fractal.status))}
    return {status: number + found.get(status, 0) for status, number in counts.items()}
