# SPDX-License-Identifier: Apache-2.0
"""What each project uses: counters that change in the transaction that changes its fractals.

``queued`` counts fractals that are neither complete nor in error, so that a claim changes nothing.
Fractals of no project are not counted, and cost no statement more: they are changed first, and only
when some of the rows are missing are those of projects looked up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session
from faafo.db.models import Fractal, Usage
from faafo.db.statements import execute_update, matched
from faafo.fractal.task import UNFINISHED, Status

NO_PROJECT = Fractal.project_id.is_(None)


@dataclass(frozen=True)
class Counted:
    """What a fractal, or some of a project, add to its counters."""

    queued: int = 0
    fractals: int = 0
    bytes: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.queued + other.queued, self.fractals + other.fractals, self.bytes + other.bytes
        )

    def __neg__(self) -> "Counted":
        return Counted(-self.queued, -self.fractals, -self.bytes)


ENDED = Counted(queued=-1)


def counted(status: str, size: int | None) -> Counted:
    """Return what a fractal of that status counts for."""
    is_complete = status == Status.COMPLETE
    return Counted(int(status in UNFINISHED), 1, (size or 0) if is_complete else 0)


def add(session: Session, changes: Iterable[tuple[str, Counted]]) -> None:
    """Add to the counters of projects: one UPDATE a project, none where nothing changes."""
    totals: dict[str, Counted] = {}
    for project_id, change in changes:
        totals[project_id] = totals.get(project_id, Counted()) + change
    # Sorted, so that two transactions lock rows in the same order.
    for project_id, change in sorted(totals.items()):
        if change != Counted():
            values = {
                "queued": Usage.queued + change.queued,
                "fractals": Usage.fractals + change.fractals,
                "bytes": Usage.bytes + change.bytes,
            }
            query = update(Usage).where(Usage.project_id == project_id).values(**values)
            execute_update(session, query)


def lock(session: Session, *where: ColumnElement[bool]) -> Sequence[Row]:
    """Lock the fractals of projects for which all conditions hold; return what they count for.

    The transaction must have begun with a statement that writes: only that locks SQLite.
    """
    columns = (Fractal.id, Fractal.uuid, Fractal.project_id, Fractal.status, Fractal.size)
    query = select(*columns).where(*where, Fractal.project_id.is_not(None)).order_by(Fractal.id)
    return session.execute(query.with_for_update()).all()


def replace(session: Session, before: Iterable[Row], values: Mapping[str, Any]) -> None:
    """Count the fractals ``before`` as what ``values`` make of them."""
    add(session, [(one.project_id, replaced(one, values)) for one in before])


def replaced(before: Row, values: Mapping[str, Any]) -> Counted:
    """Return the change of the counters when ``values`` are written to the row ``before``."""
    after = counted(values["status"], values.get("size", before.size))
    return after + -counted(before.status, before.size)


def change(
    session: Session, where: Sequence[ColumnElement[bool]], values: dict[str, Any], most: int = 1
) -> int:
    """Write ``values``, a status among them, to fractals, and count; return how many matched.

    :param most: the number of fractals that match ``where`` at most.
    """
    changed = execute_update(session, update(Fractal).where(*where, NO_PROJECT).values(**values))
    if changed == most:
        return changed
    if before := lock(session, *where):
        ids = [one.id for one in before]
        execute_update(session, update(Fractal).where(Fractal.id.in_(ids)).values(**values))
        replace(session, before, values)
    return changed + len(before)


def remove(session: Session, where: Sequence[ColumnElement[bool]]) -> bool:
    """Delete the fractal for which all conditions hold, and count; tell whether there is one."""
    if matched(session.execute(delete(Fractal).where(*where, NO_PROJECT))):
        return True
    before = lock(session, *where)
    if before:
        session.execute(delete(Fractal).where(Fractal.id.in_([one.id for one in before])))
        add(session, [(one.project_id, -counted(one.status, one.size)) for one in before])
    return bool(before)
