# SPDX-License-Identifier: Apache-2.0
"""Creating, reading and deleting fractals; ``claims`` and ``outcomes`` change their status.

Every function that writes commits the session.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, select, update
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.correlation import UNKNOWN, Correlation
from faafo.db import Session, changes, posting
from faafo.db.counts import Counts
from faafo.db.deadline import BOUNDED
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.models import Deletions, Fractal
from faafo.db.quotas import NO_LIMITS, Amounts
from faafo.db.records import RECORD_FIELDS, as_record
from faafo.db.scope import EVERYTHING, NOBODY, Owner, Scope
from faafo.db.statements import execute_update
from faafo.fractal.task import FractalTask


def columns_of(names: Iterable[str]) -> Select[Any]:
    """Return the statement that ``row`` executes, for some columns.

    Build it once: building a statement takes as long as executing it.
    """
    columns = Fractal.__table__.c
    return select(*(columns[name] for name in names)).where(columns.uuid == bindparam("wanted"))


RECORD = columns_of(RECORD_FIELDS)

# One of these columns changes with every change of a record.
CHANGING = ("incarnation", "status", "attempt", "failures", "shared")

# Overwrite objects that the session has loaded before: an UPDATE may have changed their rows.
REFRESH = {"populate_existing": True}


@dataclass(frozen=True)
class Page:
    """One page of a list: its fractals, and the total on all pages."""

    fractals: Sequence[Fractal]
    total: int


def add(
    session: Session,
    task: FractalTask,
    owner: Owner = NOBODY,
    shared: bool = False,
    quota: Amounts = NO_LIMITS,
    correlation: Correlation = UNKNOWN,
) -> Fractal:
    """Store a task as ``posting.post`` does; return the fractal."""
    values = posting.store(session, task, owner, shared, quota, correlation=correlation)
    return Fractal(**values)


def get(session: Session, uuid: str) -> Fractal:
    """Return the fractal with that uuid.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    query = select(Fractal).where(Fractal.uuid == uuid)
    fractal = session.scalars(query, execution_options=REFRESH).one_or_none()
    if fractal is None:
        raise errors.FractalNotFound(f"there is no fractal {uuid}")
    return fractal


def get_again(session: Session, uuid: str, incarnation: str) -> Fractal:
    """Return a fractal that was found before, as it is now.

    :raises faafo.errors.FractalNotFound: when it is deleted, even if another one has its uuid.
    """
    fractal = get(session, uuid)
    if fractal.incarnation != incarnation:
        raise errors.FractalNotFound(f"there is no fractal {uuid} any more")
    return fractal


def state_of(fractal: Fractal) -> tuple[Any, ...]:
    """Return what changes with every change of a fractal."""
    return tuple(getattr(fractal, name) for name in CHANGING)


def record(session: Session, uuid: str) -> dict[str, Any]:
    """Return the record of the fractal with that uuid, as JSON shows it.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    return as_record(dict(row(session, RECORD, uuid)))


def row(session: Session, statement: Select[Any], uuid: str) -> RowMapping:
    """Return some columns of the fractal with that uuid, without an object of the row.

    :param statement: what ``columns_of`` returns.
    :raises faafo.errors.FractalNotFound: when there is none.
    """
    found = session.execute(statement, {"wanted": uuid}).one_or_none()
    if found is None:
        raise errors.FractalNotFound(f"there is no fractal {uuid}")
    return found._mapping


@retry_on_deadlock
def share(session: Session, seen: Fractal, shared: bool) -> Fractal:
    """Let all projects see a fractal, or no longer; return it.

    :raises faafo.errors.FractalNotFound: when it is deleted.
    """
    uuid, incarnation = seen.uuid, seen.incarnation
    same = (Fractal.uuid == uuid, Fractal.incarnation == incarnation, Fractal.shared != shared)
    if execute_update(session, update(Fractal).where(*same).values(shared=shared)):
        # What is shared is counted anew.
        session.execute(update(Deletions).values(count=Deletions.count + 1))
    session.commit()
    return get_again(session, uuid, incarnation)


def incarnations(session: Session, uuids: Iterable[str]) -> dict[str, str]:
    """Return the incarnations of those of ``uuids`` that fractals have, by uuid."""
    query = select(Fractal.uuid, Fractal.incarnation).where(Fractal.uuid.in_(list(uuids)))
    return {one.uuid: one.incarnation for one in session.execute(query)}


@retry_on_deadlock
def remove(session: Session, uuid: str, seen: Fractal | None = None) -> bool:
    """Delete the record of a fractal.

    :param seen: the fractal as the client has seen it: it is deleted only if it is still the same,
        and the answer is False otherwise.
    :raises faafo.errors.FractalNotFound: when there is none.
    """
    where = [Fractal.uuid == uuid]
    if seen is not None:
        where += [getattr(Fractal, name) == getattr(seen, name) for name in CHANGING]
    deleted = changes.remove(session, where)
    if deleted:
        session.execute(update(Deletions).values(count=Deletions.count + 1))
    session.commit()
    if not deleted and (seen is None or not posting.existing(session, [uuid])):
        raise errors.FractalNotFound(f"there is no fractal {uuid}")
    return deleted


def page(
    session: Session,
    *,
    size: int,
    number: int = 1,
    marker: str | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    order_by: Sequence[ColumnElement] = (),
    scope: Scope = EVERYTHING,
    counts: Counts,
) -> Page:
    """Return ``size`` fractals, newest first unless ``order_by`` says otherwise.

    ``number`` counts pages from 1. ``marker``, the uuid of the last fractal of the page before,
    finds the next page at the cost of the first one, however deep it lies.

    :param counts: those of ``scope``.
    :raises faafo.errors.FractalNotFound: when there is no fractal ``marker`` in ``scope``.
    """
    total = counts.where(session, *where) if where else counts.total(session)
    query = select(Fractal).where(*scope.where, *where).order_by(*order_by, Fractal.id.desc())
    query = query.limit(size)
    if marker is not None:
        last = get(session, marker)
        if not scope.includes(last):
            raise errors.FractalNotFound(f"there is no fractal {marker}")
        query = query.where(Fractal.id < last.id)
    else:
        query = query.offset((number - 1) * size)
    return Page(session.scalars(query, execution_options=BOUNDED).all(), total)
