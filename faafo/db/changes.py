# SPDX-License-Identifier: Apache-2.0
"""Changes of fractals with all that follows in their transaction: counters of projects, and events.

A fractal of no project without a callback, of which nobody wants events, and which has neither a
parent nor children, is *quiet*: its change is one statement. Quiet fractals are changed first; only
when some rows are missing are others looked up.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, false, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, children, events, subscriptions, usage
from faafo.db.models import Fractal
from faafo.db.statements import execute_update, matched
from faafo.fractal.events import OF_STATUS, EventType
from faafo.fractal.task import Status

_IS_QUIET = and_(
    *(
        column.is_(None)
        for column in (Fractal.project_id, Fractal.callback_id, Fractal.parent, Fractal.children)
    )
)


def is_quiet(session: Session) -> ColumnElement[bool]:
    """Return the condition of fractals of whose change nobody need be told at present."""
    if subscriptions.current(session).is_empty:
        return _IS_QUIET
    return false()


def lock(
    session: Session, quiet: ColumnElement[bool], *where: ColumnElement[bool]
) -> Sequence[Row]:
    """Lock the fractals that are not ``quiet`` and for which all conditions hold; return them.

    The transaction must have begun with a statement that writes: only that locks SQLite.
    """
    columns = (
        *(Fractal.id, Fractal.uuid, Fractal.project_id, Fractal.status, Fractal.size),
        *(Fractal.parent, Fractal.children),
    )
    query = select(*columns).where(*where, ~quiet).order_by(Fractal.id)
    return session.execute(query.with_for_update()).all()


def change(
    session: Session, where: Sequence[ColumnElement[bool]], values: dict[str, Any], most: int = 1
) -> int:
    """Write ``values``, a status among them, to fractals; return how many matched.

    :param most: the number of fractals that match ``where`` at most.
    """
    quiet = is_quiet(session)
    changed = execute_update(session, update(Fractal).where(*where, quiet).values(**values))
    if changed == most:
        return changed
    if before := lock(session, quiet, *where):
        ids = [one.id for one in before]
        execute_update(session, update(Fractal).where(Fractal.id.in_(ids)).values(**values))
        usage.replace(session, before, values)
        children.follow(session, before, values["status"], values.get("fault"))
        tell(session, before, values["status"])
    return changed + len(before)


def tell(session: Session, before: Sequence[Row], status: str) -> None:
    """Write events about fractals, which were ``before`` and now have that status."""
    # A result that arrives twice changes nothing.
    ids = [one.id for one in before if not one.status == status == Status.COMPLETE]
    if ids:
        events.record(session, OF_STATUS[Status(status)], Fractal.id.in_(ids))


def remove(session: Session, where: Sequence[ColumnElement[bool]]) -> bool:
    """Delete the fractal for which all conditions hold; tell whether there is one."""
    quiet = is_quiet(session)
    if matched(session.execute(delete(Fractal).where(*where, quiet))):
        return True
    before = lock(session, quiet, *where)
    if before:
        same = Fractal.id.in_([one.id for one in before])
        events.record(session, EventType.DELETED, same)
        parents = [one.uuid for one in before if one.children]
        session.execute(delete(Fractal).where(same))
        if parents:
            parts = [one.id for one in children.lock(session, parents)]
            session.execute(delete(Fractal).where(Fractal.id.in_(parts)))
        usage.subtract(session, before)
    return bool(before)
