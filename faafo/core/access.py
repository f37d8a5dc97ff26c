# SPDX-License-Identifier: Apache-2.0
"""Which fractals the sender of the current request may see and change.

With noauth that is every one. Otherwise a project sees its own fractals and those that others
share, and changes its own; the rule ``fractal:all_projects`` opens the others, and those that
belong to no project. What one may not see is answered like what does not exist.
"""

from enum import StrEnum
from typing import Any

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.core.context import request_context
from faafo.core.login import login_or_none
from faafo.db import db, fractals
from faafo.db.models import Fractal
from faafo.db.scope import EVERYTHING, SHARED, Owner, Scope

ALL_PROJECTS = "fractal:all_projects"


class Range(StrEnum):
    """Whose fractals a list shows."""

    PROJECT = "project"
    SHARED = "shared"
    ALL_PROJECTS = "all_projects"


def is_allowed(rule: str) -> bool:
    """Tell whether ``rule`` allows the current request."""
    return collaborators().policy.allows(rule, request_context())


def sees_all() -> bool:
    """Tell whether the caller may see and change the fractals of all projects."""
    is_visitor = request_context().project_id is None and login_or_none() is not None
    return not is_visitor and is_allowed(ALL_PROJECTS)


def owner() -> Owner:
    """Return whose the fractals are that this request posts."""
    who = request_context()
    return Owner(who.project_id, who.user_id)


def scope_of(wanted: Range) -> Scope:
    """Return what a list of the ``wanted`` range selects.

    :raises faafo.errors.Forbidden: for all projects, unless a rule allows that.
    """
    project_id = request_context().project_id
    if wanted is Range.ALL_PROJECTS or (project_id is None and wanted is Range.PROJECT):
        if sees_all():
            return EVERYTHING
        if wanted is Range.ALL_PROJECTS:
            raise errors.Forbidden(f"scope: the policy does not allow you {ALL_PROJECTS}")
    return SHARED if project_id is None or wanted is Range.SHARED else Scope(project_id)


def may_change(fractal: Fractal) -> bool:
    """Tell whether a fractal is of the caller's project, or the caller may change all."""
    return is_open(fractal.project_id)


def require_project(project_id: str) -> None:
    """Require that the caller may see the quota of a project.

    :raises faafo.errors.QuotaNotFound: when it is that of another project.
    """
    if not is_open(project_id):
        raise errors.QuotaNotFound(f"there is no quota of a project {project_id}")


def visible(uuid: str) -> Fractal:
    """Return a fractal that the caller may see.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    fractal = fractals.get(db.session, uuid)
    whole = _whole(fractal)
    require_visible(uuid, whole.project_id, whole.shared)
    return fractal


def is_private(fractal: Fractal) -> bool:
    """Tell whether only a project may see a fractal, so that no cache of many visitors keeps it."""
    whole = _whole(fractal)
    return whole.project_id is not None and not whole.shared


def _whole(fractal: Fractal) -> Fractal:
    """Return what says who may see a fractal: a part is of no project."""
    return fractal if fractal.parent is None else fractals.get(db.session, fractal.parent)


def collectable(uuid: str) -> Fractal:
    """Return a fractal that the caller may see, and put into a collection.

    :raises faafo.errors.FractalNotFound: when there is none.
    :raises faafo.errors.FractalFixed: when it is a part of another one.
    """
    fractal = visible(uuid)
    if fractal.parent is not None:
        raise errors.FractalFixed(f"fractal {uuid} is a part of fractal {fractal.parent}")
    return fractal


def visible_record(uuid: str) -> dict[str, Any]:
    """Return the record of a fractal that the caller may see, as JSON shows it.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    record = fractals.record(db.session, uuid)
    whole = fractals.record(db.session, record["parent"]) if "parent" in record else record
    require_visible(uuid, whole["project_id"], whole["shared"])
    return record


def require_visible(uuid: str, project_id: str | None, shared: bool) -> None:
    """Require that the caller may see the fractal of a project.

    :raises faafo.errors.FractalNotFound: otherwise, as if there were none.
    """
    if not (shared or is_open(project_id)):
        raise errors.FractalNotFound(f"there is no fractal {uuid}")


def changeable(uuid: str) -> Fractal:
    """Return a fractal that the caller may change.

    :raises faafo.errors.FractalNotFound: when there is none that the caller may see.
    :raises faafo.errors.Forbidden: when another project shares it.
    :raises faafo.errors.FractalFixed: when it is a part of another one.
    """
    fractal = visible(uuid)
    if fractal.parent is not None:
        raise errors.FractalFixed(
            f"fractal {uuid} is a part of fractal {fractal.parent}: delete, retry or share that"
        )
    if not may_change(fractal):
        raise errors.Forbidden(f"fractal {uuid} belongs to another project, which shares it")
    return fractal


def is_open(project_id: str | None) -> bool:
    """Tell whether the caller may see and change what belongs to a project."""
    return (project_id is not None and project_id == request_context().project_id) or sees_all()
