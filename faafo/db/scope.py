# SPDX-License-Identifier: Apache-2.0
"""Which fractals a query is about: those of a project, those that are shared, or all."""

from dataclasses import dataclass

from sqlalchemy import true
from sqlalchemy.sql import ColumnElement

from faafo.db.models import Fractal


@dataclass(frozen=True)
class Owner:
    """The project and the user that a fractal belongs to."""

    project_id: str | None
    user_id: str | None


# Of what is posted without a login.
NOBODY = Owner(None, None)


@dataclass(frozen=True)
class Scope:
    """Selects the fractals of ``project_id`` unless that is None, and shared ones on request."""

    project_id: str | None = None
    only_shared: bool = False

    @property
    def where(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions of the fractals in this scope."""
        if self.project_id is not None:
            return (Fractal.project_id == self.project_id,)
        return (Fractal.shared == true(),) if self.only_shared else ()

    @property
    def indexes(self) -> str | None:
        """What the names of the indexes that begin with this scope begin with."""
        if self.project_id is not None:
            return "ix_fractal_project_id"
        return "ix_fractal_shared" if self.only_shared else None

    def includes(self, fractal: Fractal) -> bool:
        """Tell whether ``fractal`` is in this scope."""
        if self.project_id is not None:
            return fractal.project_id == self.project_id
        return fractal.shared or not self.only_shared


EVERYTHING = Scope()
SHARED = Scope(only_shared=True)
