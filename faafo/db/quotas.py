# SPDX-License-Identifier: Apache-2.0
"""Quotas: what each project may use, and the one UPDATE that charges it for new fractals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Select, Table, case, delete, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session
from faafo.db.clock import today
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.quota_models import Quota, Usage
from faafo.db.statements import execute_update, insert_unless_there
from faafo.fractal.numbers import MAX_SIZE
from faafo.fractal.task import FractalTask

UNLIMITED = -1
PIXELS_TODAY = case((Usage.day == today(), Usage.pixels), else_=0)


@dataclass(frozen=True)
class Amounts:
    """Amounts of what a quota limits: limits, or what is used."""

    queued: int = UNLIMITED
    fractals: int = UNLIMITED
    bytes: int = UNLIMITED
    pixels_per_day: int = UNLIMITED


RESOURCES = tuple(field.name for field in fields(Amounts))
NO_LIMITS = Amounts()
USED: dict[str, Any] = {
    "queued": Usage.queued,
    "fractals": Usage.fractals,
    "bytes": Usage.bytes,
    "pixels_per_day": PIXELS_TODAY,
}


@dataclass(frozen=True)
class State:
    """The limits of a project, and what it uses."""

    limits: Amounts
    usage: Amounts


def charge(
    session: Session,
    project_id: str | None,
    tasks: Sequence[FractalTask],
    defaults: Amounts,
    frames: int = 1,
) -> None:
    """Count ``tasks`` as queued fractals of a project, if its quota has room for all of them.

    It begins a transaction, which the caller commits with the fractals.

    :param frames: the number of pictures that is rendered for each of them.

    :raises faafo.errors.QuotaExceeded: when there is no room; names limit and usage.
    """
    if project_id is None:
        return
    pixels = min(MAX_SIZE, frames * sum(task.width * task.height for task in tasks))
    # An image has a byte at least: who has used up the quota of bytes posts nothing.
    asked = Amounts(len(tasks), len(tasks), 1, pixels)
    while not execute_update(session, _charge(project_id, asked, defaults)):
        state = _state(session, project_id, defaults, locked=True)
        if state is None:
            session.rollback()
            _insert(session, Usage.__table__, project_id)
        else:
            # If another transaction has made room meanwhile, the row is ours now: try again.
            _refuse(project_id, state, asked)


def _charge(project_id: str, asked: Amounts, defaults: Amounts) -> Any:
    room = [
        or_(limit < 0, USED[name] + getattr(asked, name) <= limit)
        for name, limit in _limits(Usage.project_id, defaults).items()
    ]
    # MariaDB assigns in this order: the pixels depend on the day before.
    values = [
        (Usage.queued, Usage.queued + asked.queued),
        (Usage.fractals, Usage.fractals + asked.fractals),
        (Usage.pixels, PIXELS_TODAY + asked.pixels_per_day),
        (Usage.day, today()),
    ]
    return update(Usage).where(Usage.project_id == project_id, *room).ordered_values(*values)


def _limits(project_id: Any, defaults: Amounts) -> dict[str, ColumnElement[int]]:
    return {
        name: func.coalesce(_override(name, project_id), default)
        for name, default in asdict(defaults).items()
    }


def _override(name: str, project_id: Any) -> Any:
    query = select(getattr(Quota, name)).where(Quota.project_id == project_id)
    return query.correlate(Usage).scalar_subquery()


def _state(
    session: Session, project_id: str, defaults: Amounts, locked: bool = False
) -> State | None:
    used: Select = select(*(USED[name].label(name) for name in RESOURCES))
    used = used.where(Usage.project_id == project_id)
    usage = session.execute(used.with_for_update() if locked else used).one_or_none()
    if usage is None:
        return None
    return State(_limits_of(session, project_id, defaults), Amounts(**usage._mapping))


def _limits_of(session: Session, project_id: str, defaults: Amounts) -> Amounts:
    limits = select(*(one.label(name) for name, one in _limits(project_id, defaults).items()))
    return Amounts(**session.execute(limits).one()._mapping)


def _refuse(project_id: str, state: State, asked: Amounts) -> None:
    for name in RESOURCES:
        limit, used, more = (getattr(one, name) for one in (state.limits, state.usage, asked))
        if 0 <= limit < used + more:
            requested = "" if name == "bytes" else f", and the request has {more}"
            raise errors.QuotaExceeded(
                f"quota: project {project_id} uses {used} of {limit} {name}{requested}"
            )


def get(session: Session, project_id: str, defaults: Amounts) -> State:
    """Return the limits of a project and what it uses: nothing if it has never posted."""
    state = _state(session, project_id, defaults)
    return state or State(_limits_of(session, project_id, defaults), Amounts(0, 0, 0, 0))


@retry_on_deadlock
def change(session: Session, project_id: str, limits: Mapping[str, int | None]) -> None:
    """Set some of the limits of a project; None makes one the default again."""
    if limits:
        query = update(Quota).where(Quota.project_id == project_id).values(**limits)
        while not execute_update(session, query):
            session.rollback()
            _insert(session, Quota.__table__, project_id)
    session.commit()


@retry_on_deadlock
def reset(session: Session, project_id: str) -> None:
    """Make all limits of a project the default again."""
    session.execute(delete(Quota).where(Quota.project_id == project_id))
    session.commit()


def _insert(session: Session, table: Any, project_id: str) -> None:
    """Insert the row of a project, and commit, unless another transaction has inserted it.

    A transaction of its own: an UPDATE that matches no row may lock the gap for the INSERT.
    """
    assert isinstance(table, Table)
    session.connection().execute(insert_unless_there(table), {"project_id": project_id})
    session.commit()
