# SPDX-License-Identifier: Apache-2.0
"""What waits to be claimed: in which projects there is something, and what comes first in one.

A claim names what it serves: kinds and labels. Each of these in a project has a range of the index
of turns, so that what nobody serves costs the claims of others nothing. Statements are kept:
to build one takes as long as to execute it.
"""

import heapq
import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Integer, Row, Select, bindparam, func, literal, null, or_, select, union_all
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.selectable import CompoundSelect, HasHints

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.models import TURN, Fractal
from faafo.db.ordering import last_of
from faafo.db.quota_models import Usage
from faafo.fractal.kinds import Need, TaskKind
from faafo.fractal.task import Status

Project = str | None
Query = TypeVar("Query", bound=HasHints)

FRACTAL = Fractal.__table__.c
CANDIDATE = (
    *(FRACTAL.id, FRACTAL.uuid, FRACTAL.parent, FRACTAL.children),
    *(FRACTAL.attempt, FRACTAL.status, FRACTAL.failures, FRACTAL.project_id),
    *(FRACTAL.claimed_by, FRACTAL.lease_expires_at, FRACTAL.expires_at),
)
# What counts as being rendered, in two parts: of the first the index has all. Not what waits for
# its parts: those may wait for long, for a time or for a worker with a label, and what has all of
# them must get its join meanwhile.
RENDERS = (FRACTAL.kind == TaskKind.RENDER.value,)
JOINS = (FRACTAL.kind != TaskKind.RENDER.value, FRACTAL.lease_expires_at.is_not(None))
IN_TURN = last_of(FRACTAL.project_id, FRACTAL.label, FRACTAL.turn_at)
# Sets of needs whose statements are kept: those of all producers are few.
MOST_STATEMENTS = 100


class Found(NamedTuple):
    """A project: how many leases are on its fractals, and which needs some of these have."""

    rendering: int
    needs: tuple[Need, ...]


def in_order(query: Query) -> Query:
    """Return a query of fractals for which MariaDB must use the index of turns."""
    hint = f"FORCE INDEX ({TURN})"
    table = Fractal.__table__
    return query.with_hint(table, hint, "mysql").with_hint(table, hint, "mariadb")


def projects(session: Session, needs: tuple[Need, ...]) -> dict[Project, Found]:
    """Return the projects of which something waits that has one of ``needs``, in one query.

    What was posted without a login counts as the project None. Of each need only the first turn is
    looked at: what it belongs to may have to wait all the same.
    """
    found: dict[Project, tuple[Need, ...]] = {}
    rendering: dict[Project, int] = {}
    for project, running, *heads in session.connection().execute(_counts(needs)):
        if running is None:
            found[project] = tuple(itertools.compress(needs, heads))
        else:
            rendering[project] = rendering.get(project, 0) + running
    return {
        project: Found(rendering.get(project, 0), some) for project, some in found.items() if some
    }


def first(
    session: Session,
    project: Project,
    needs: Sequence[Need],
    parameters: int,
    count: int,
    is_locking: bool,
) -> list[Row[Any]]:
    """Return the first fractals of a project that can be claimed now, at most ``count``.

    :param needs: those that they may have; one range of the index is read for each.
    :param parameters: the latest version of the drawing parameters that they may have. What has
        later ones is read and passed over: the index does not have it, since soon after an upgrade
        there are no workers any more that do not know them all.
    """
    listed = []
    for need in needs:
        values = {"parameters": parameters, "most": count, "kind": need.kind.value}
        values |= {} if project is None else {"project": project}
        values |= {} if need.label is None else {"label": need.label}
        query = _first(project is None, need.label is None, is_locking)
        listed.append(session.connection().execute(query, values).all())
    if len(listed) == 1:
        return [*listed[0]]
    merged: Iterable[Row[Any]] = heapq.merge(*listed, key=_turn)
    return [*itertools.islice(merged, count)]


def _turn(row: Row[Any]) -> tuple[datetime, int]:
    return row.turn_at, row.id


@lru_cache(maxsize=8)
def _first(of_nobody: bool, without_label: bool, is_locking: bool) -> Select[Any]:
    project = FRACTAL.project_id
    where = (
        FRACTAL.status == Status.QUEUED.value,
        project.is_(None) if of_nobody else project == bindparam("project"),
        FRACTAL.kind == bindparam("kind"),
        FRACTAL.label.is_(None) if without_label else FRACTAL.label == bindparam("label"),
        # Follows from the next one, and is where the index ends.
        FRACTAL.turn_at <= moment(),
        FRACTAL.claimable_at <= moment(),
        FRACTAL.parameter_version <= bindparam("parameters"),
        or_(FRACTAL.expires_at.is_(None), FRACTAL.expires_at > moment()),
    )
    query = select(*CANDIDATE, FRACTAL.turn_at).where(*where)
    query = query.order_by(IN_TURN, FRACTAL.id).limit(bindparam("most", type_=Integer))
    return in_order(query.with_for_update(skip_locked=True) if is_locking else query)


@lru_cache(maxsize=MOST_STATEMENTS)
def _counts(needs: tuple[Need, ...]) -> CompoundSelect[Any]:
    """Return the query of projects: rows of what waits, and rows of what is being rendered."""
    owned = [_waits(FRACTAL.project_id == Usage.project_id, one) for one in needs]
    free = [_waits(FRACTAL.project_id.is_(None), one) for one in needs]
    return union_all(
        # PostgreSQL takes the types of columns from the first two: one of them must not be NULL.
        _under_way(needs, RENDERS),
        select(Usage.project_id, null(), *owned).where(Usage.queued > 0),
        select(null(), null(), *free),
        _under_way(needs, JOINS),
    )


def _under_way(needs: tuple[Need, ...], where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Return the query of how many fractals of each project are being rendered, of some."""
    query = select(FRACTAL.project_id, func.count(), *(null() for _ in needs))
    query = query.where(FRACTAL.status == Status.RENDERING.value, *where)
    return in_order(query.group_by(FRACTAL.project_id))


def _waits(is_owner: ColumnElement[bool], need: Need) -> ColumnElement[Any]:
    """Return whether the first turn of what has a need, by the index alone, has come."""
    label = FRACTAL.label
    query = select(FRACTAL.turn_at).where(
        FRACTAL.status == Status.QUEUED.value,
        is_owner,
        FRACTAL.kind == need.kind.value,
        label.is_(None) if need.label is None else label == need.label,
    )
    head = in_order(query).order_by(IN_TURN).limit(literal(1, Integer)).scalar_subquery()
    return head <= moment()
