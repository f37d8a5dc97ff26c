# SPDX-License-Identifier: Apache-2.0
"""What each project uses: counters that change in the transaction that changes its fractals.

``queued`` counts fractals that are neither complete nor in error, so that a claim changes nothing.
Fractals of no project are not counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, update

from faafo.db import Session
from faafo.db.quota_models import Usage
from faafo.db.statements import execute_update
from faafo.fractal.task import UNFINISHED, Status


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


def add(session: Session, changes: Iterable[tuple[str | None, Counted]]) -> None:
    """Add to the counters of projects: one UPDATE a project, none where nothing changes."""
    totals: dict[str, Counted] = {}
    for project_id, change in changes:
        if project_id is None:
            continue
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


def replace(session: Session, before: Iterable[Row], values: Mapping[str, Any]) -> None:
    """Count the fractals ``before`` as what ``values`` make of them."""
    add(session, [(one.project_id, replaced(one, values)) for one in before])


def subtract(session: Session, before: Iterable[Row]) -> None:
    """Count the fractals ``before`` no longer: they are deleted."""
    add(session, [(one.project_id, -counted(one.status, one.size)) for one in before])


def replaced(before: Row, values: Mapping[str, Any]) -> Counted:
    """Return the change of the counters when ``values`` are written to the row ``before``."""
    after = counted(values["status"], values.get("size", before.size))
    return after + -counted(before.status, before.size)
