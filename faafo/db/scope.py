# SPDX-License-Identifier: Apache-2.0
"""Which fractals a query is about: those of a project, those that are shared, or all."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import case, or_, select, true
from sqlalchemy.sql import ColumnElement

from faafo.db.models import CollectedFractal, Fractal


class Owned(Protocol):
    """A fractal, or what tells of one."""

    @property
    def project_id(self) -> str | None: ...

    @property
    def shared(self) -> bool: ...


@dataclass(frozen=True)
class Owner:
    """The project and the user that a fractal belongs to."""

    project_id: str | None
    user_id: str | None


# Of what is posted without a login.
NOBODY = Owner(None, None)


@dataclass(frozen=True)
class Scope:
    """Selects the fractals of ``project_id`` unless that is None, and shared ones on request.

    With ``collection_id`` it selects those of a collection that the project may see: its own ones,
    and those that others share. With ``parent`` it selects the children of that fractal, which no
    other scope has: they are of no project.
    """

    project_id: str | None = None
    only_shared: bool = False
    collection_id: int | None = None
    parent: str | None = None

    @property
    def where(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions of the fractals in this scope."""
        if self.parent is not None:
            return (Fractal.parent == self.parent,)
        if self.collection_id is not None:
            members = select(CollectedFractal.fractal_id)
            members = members.where(CollectedFractal.collection_id == self.collection_id)
            return (Fractal.id.in_(members), *self.seen)
        if self.project_id is not None:
            return (Fractal.project_id == self.project_id,)
        if self.only_shared:
            return (Fractal.shared == true(),)
        # Nearly all rows have no parent: no database should find them by that.
        return (_without_index(Fractal.parent.is_(None)),)

    @property
    def counted(self) -> tuple[ColumnElement[bool], ...]:
        """The same conditions, for a count of all: an index has what they need."""
        return (Fractal.parent.is_(None),) if self == EVERYTHING else self.where

    @property
    def seen(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions of all fractals that the project of this scope may see."""
        if self.project_id is not None:
            own = Fractal.project_id == self.project_id
            return (_without_index(or_(own, Fractal.shared == true())),)
        return (_without_index(Fractal.shared == true()),) if self.only_shared else ()

    @property
    def indexes(self) -> str | None:
        """What the names of the indexes that begin with this scope begin with."""
        if self.collection_id is not None:
            return None
        if self.project_id is not None:
            return "ix_fractal_project_id"
        return "ix_fractal_shared" if self.only_shared else None

    def includes(self, fractal: Owned) -> bool:
        """Tell whether ``fractal`` is in this scope, or may be seen by those who see it."""
        if self.parent is not None:
            return getattr(fractal, "parent", None) == self.parent
        is_own = self.project_id is not None and fractal.project_id == self.project_id
        if self.project_id is not None and self.collection_id is None:
            return is_own
        is_open = self.project_id is None and not self.only_shared
        return is_own or is_open or fractal.shared


def _without_index(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition for which a database looks at few rows, instead of an index of many.

    SQLite would read all fractals of a project, and all shared ones, for the few in a collection.
    """
    return case((condition, 1), else_=0) == 1


EVERYTHING = Scope()
SHARED = Scope(only_shared=True)
