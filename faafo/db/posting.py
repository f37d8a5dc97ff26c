# SPDX-License-Identifier: Apache-2.0
"""Storing fractals that are posted: one, or a list in one transaction.

Every function that writes commits the session.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Float, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from faafo import errors
from faafo.correlation import UNKNOWN, Correlation
from faafo.db import Session, callbacks, children, events, locks, quotas
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.models import Fractal
from faafo.db.quotas import NO_LIMITS, Amounts
from faafo.db.records import RECORD_FIELDS, as_record
from faafo.db.scheduling import AT_ONCE, Schedule
from faafo.db.scope import NOBODY, Owner
from faafo.fractal.drawing import FILM_PARAMETERS, PARTS_PARAMETERS, parameter_version
from faafo.fractal.events import EventType
from faafo.fractal.film import Plan
from faafo.fractal.kinds import TaskKind
from faafo.fractal.locks import GENERATOR, Fence
from faafo.fractal.parts import Band
from faafo.fractal.scheduling import head_start
from faafo.fractal.task import FractalTask, Status
from faafo.metrics import catalogue as metrics

# Built once: building a statement takes as long as executing it.
INSERT_LATER = insert(Fractal.__table__).values(created_at=moment())
UNTIL_TURN = bindparam("until_turn", type_=Float)
INSERT = INSERT_LATER.values(claimable_at=moment(), turn_at=moment(UNTIL_TURN))
INSERT_RETURNING, INSERT_LATER_RETURNING = (
    one.returning(Fractal.created_at) for one in (INSERT, INSERT_LATER)
)
# Without functions among its values: PyMySQL would send each row as a statement of its own.
INSERT_ROWS = insert(Fractal.__table__)
# Uuids that a message names at most.
MOST_NAMED = 10
NO_CALLBACKS: Mapping[str, str] = {}
NO_SCHEDULES: Mapping[str, Schedule] = {}


def post(
    session: Session,
    task: FractalTask,
    owner: Owner = NOBODY,
    shared: bool = False,
    quota: Amounts = NO_LIMITS,
    callback_url: str | None = None,
    correlation: Correlation = UNKNOWN,
    fence: Fence | None = None,
    schedule: Schedule = AT_ONCE,
    bands: Sequence[Band] = (),
    film: Plan | None = None,
) -> dict[str, Any]:
    """Store a task as ``store`` does; return the record in JSON, without an object of the row.

    With a callback it has the field ``callback_secret``, too.
    """
    values = store(
        session, task, owner, shared, quota, callback_url, correlation, fence, schedule, bands, film
    )
    return _records(session, [values])[0]


@retry_on_deadlock
def store(
    session: Session,
    task: FractalTask,
    owner: Owner = NOBODY,
    shared: bool = False,
    quota: Amounts = NO_LIMITS,
    callback_url: str | None = None,
    correlation: Correlation = UNKNOWN,
    fence: Fence | None = None,
    schedule: Schedule = AT_ONCE,
    bands: Sequence[Band] = (),
    film: Plan | None = None,
) -> dict[str, Any]:
    """Store ``task``, whose c is set, as a queued fractal of ``owner``; return its columns.

    :param quota: the limits of projects that have none of their own.
    :param callback_url: is told how the fractal ends.
    :param correlation: of the request that posts it.
    :param fence: the lock that must be held until the fractal is stored.
    :param schedule: when the fractal is rendered.
    :param bands: those into which it is divided, if any: they are queued, and it is rendering.
    :param film: what it is to become, if that is a film: so are its frames. The task has the c and
        the window of the first one.
    :raises faafo.errors.StaleLock: when it is not held.
    :raises faafo.errors.QuotaExceeded: when the project has no room for it.
    :raises faafo.errors.FractalExists: when its uuid is taken.
    """
    values = _values(task, owner, shared, correlation, fence) | schedule.columns()
    drawn, count = values["parameter_version"], len(film.frames) if film else len(bands)
    if count:
        values |= {"children": count, "open_children": count, "status": Status.RENDERING}
        values |= {"parameter_version": PARTS_PARAMETERS, "kind": TaskKind.JOIN.value}
    if film:
        values["film"] = film.film.as_text()
        values |= {"parameter_version": FILM_PARAMETERS[film.film.format]}
        values |= {"kind": TaskKind.FILM.value}
    _require(session, fence)
    quotas.charge(session, owner.project_id, [task], quota, len(film.frames) if film else 1)
    if callback_url is not None:
        values["callback_id"] = callbacks.receivers(session, owner, [callback_url])[callback_url]
    try:
        created_at = _insert(session, values, schedule)
        if count:
            times = {"created_at": created_at, **schedule.times(created_at)}
            own = {**times, "kind": TaskKind.RENDER.value}
            rows = [row | own for row in children.rows(values, drawn, bands, film)]
            session.connection().execute(INSERT_ROWS, rows)
        kind = EventType.RENDERING if count else EventType.QUEUED
        events.record(session, kind, Fractal.uuid == task.uuid)
        session.commit()
        metrics.POSTED.add()
    except IntegrityError:
        session.rollback()
        raise errors.FractalExists(f"uuid: a fractal {task.uuid} exists already") from None
    return values | {"created_at": created_at}


@retry_on_deadlock
def post_all(
    session: Session,
    tasks: Sequence[FractalTask],
    owner: Owner = NOBODY,
    shared: Collection[str] = (),
    quota: Amounts = NO_LIMITS,
    callback_urls: Mapping[str, str] = NO_CALLBACKS,
    correlation: Correlation = UNKNOWN,
    fence: Fence | None = None,
    schedules: Mapping[str, Schedule] = NO_SCHEDULES,
) -> list[dict[str, Any]]:
    """Store ``tasks``, whose c is set, as queued fractals in one transaction: all, or none.

    Return their records in JSON: objects of 1 000 rows would take longer than the INSERT.

    With a callback a record has the field ``callback_secret``, too.

    :param shared: the uuids of those that all projects may see.
    :param callback_urls: what is told how they end, by uuid.
    :param quota: the limits of projects that have none of their own.
    :param correlation: of the request that posts them.
    :param fence: the lock that must be held until they are stored.
    :param schedules: when they are rendered, by uuid; one without a schedule as soon as possible.
    :raises faafo.errors.StaleLock: when it is not held.
    :raises faafo.errors.QuotaExceeded: when the project has no room for all of them.
    :raises faafo.errors.FractalExists: when a uuid is taken, or given twice; names it.
    """
    uuids = [task.uuid for task in tasks]
    twice = next((uuid for uuid, count in Counter(uuids).items() if count > 1), None)
    if twice is not None:
        raise errors.FractalExists(f"uuid: {twice} is given twice")
    rows = [_values(task, owner, task.uuid in shared, correlation, fence) for task in tasks]
    _require(session, fence)
    quotas.charge(session, owner.project_id, tasks, quota)
    urls = set(callback_urls.values())
    receivers = callbacks.receivers(session, owner, urls) if urls else {}
    for row in rows if receivers else ():
        url = callback_urls.get(row["uuid"])
        row["callback_id"] = None if url is None else receivers[url]
    try:
        now = session.scalars(select(moment())).one()
        rows = [row | {"created_at": now} | _scheduled(row, schedules, now) for row in rows]
        session.connection().execute(INSERT_ROWS, rows)
        events.record(session, EventType.QUEUED, Fractal.uuid.in_(uuids))
        session.commit()
        metrics.POSTED.add(amount=len(rows))
    except IntegrityError:
        session.rollback()
        taken = ", ".join(sorted(existing(session, uuids))[:MOST_NAMED])
        raise errors.FractalExists(f"uuid: fractals exist already: {taken}") from None
    return _records(session, rows)


def _records(session: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records of rows; those with a callback have its secret."""
    ids = {row["callback_id"] for row in rows if row.get("callback_id") is not None}
    signed_by = callbacks.secrets(session, ids) if ids else {}
    records = []
    for row in rows:
        record = as_record({name: row.get(name) for name in RECORD_FIELDS})
        if row.get("callback_id") is not None:
            record["callback_secret"] = signed_by.get(row["callback_id"])
        records.append(record)
    return records


def _require(session: Session, fence: Fence | None) -> None:
    # First of all: ids must be given to rows while nobody else can acquire the lock.
    if fence is not None:
        locks.require(session, fence.name, fence.token)


def _values(
    task: FractalTask, owner: Owner, shared: bool, correlation: Correlation, fence: Fence | None
) -> dict[str, Any]:
    return {
        "project_id": owner.project_id,
        "user_id": owner.user_id,
        "shared": shared,
        **task.model_dump(exclude={"part"}),
        "parameter_version": parameter_version(task),
        "kind": TaskKind.RENDER.value,
        "status": Status.QUEUED,
        "incarnation": secrets.token_hex(8),
        "attempt": 0,
        "failures": 0,
        **correlation._asdict(),
        "lock_token": fence.token if fence is not None and fence.name == GENERATOR else None,
    }


def _scheduled(
    row: Mapping[str, Any], schedules: Mapping[str, Schedule], now: datetime
) -> dict[str, Any]:
    schedule = schedules.get(row["uuid"], AT_ONCE)
    return schedule.columns() | schedule.times(now)


def _insert(session: Session, values: dict[str, Any], schedule: Schedule) -> datetime:
    """Insert a fractal; return its creation time by the database's clock."""
    if schedule.not_before is not None and schedule.is_later:
        statements = INSERT_LATER, INSERT_LATER_RETURNING
        values = values | schedule.times(schedule.not_before)
    else:
        statements = INSERT, INSERT_RETURNING
        values = values | {"until_turn": -head_start(schedule.priority, schedule.ageing)}
    connection = session.connection()
    if connection.dialect.insert_returning:
        return connection.execute(statements[1], values).scalar_one()
    connection.execute(statements[0], values)
    return session.scalars(select(Fractal.created_at).filter_by(uuid=values["uuid"])).one()


def existing(session: Session, uuids: Sequence[str]) -> set[str]:
    """Return those of ``uuids`` that fractals have."""
    return set(session.scalars(select(Fractal.uuid).where(Fractal.uuid.in_(uuids))))
