# SPDX-License-Identifier: Apache-2.0
"""The mode of maintenance in the database, whose clock says when it ends."""

from datetime import datetime

from sqlalchemy import select, update

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.operation_models import Maintenance as Row
from faafo.db.statements import execute_update
from faafo.fractal.maintenance import OFF, Maintenance, Mode

# Of the only row.
ID = 1


def get(session: Session) -> Maintenance:
    """Return the mode; one whose end is over is off. Leaves no transaction open."""
    query = select(Row.mode, Row.reason, Row.until, moment().label("now")).where(Row.id == ID)
    found = session.execute(query).one()
    session.rollback()
    return _state(Mode(found.mode), found.reason, found.until, found.now)


@retry_on_deadlock
def change(
    session: Session, mode: Mode, reason: str | None = None, until: datetime | None = None
) -> Maintenance:
    """Set the mode, and commit; return it.

    :param until: in UTC; the mode is off from then on.
    :raises faafo.errors.InvalidSetting: when ``until`` is not in the future.
    """
    now = session.scalars(select(moment())).one()
    if until is not None and until <= now:
        raise errors.InvalidSetting(
            f"until: must be in the future, after {now:%Y-%m-%dT%H:%M:%SZ}, not "
            f"{until:%Y-%m-%dT%H:%M:%SZ}"
        )
    values = {"mode": mode.value, "reason": reason, "until": until, "changed_at": moment()}
    execute_update(session, update(Row).where(Row.id == ID).values(**values))
    session.commit()
    return _state(mode, reason, until, now)


def _state(mode: Mode, reason: str | None, until: datetime | None, now: datetime) -> Maintenance:
    if mode is Mode.OFF or (until is not None and until <= now):
        return OFF
    seconds = None if until is None else (until - now).total_seconds()
    return Maintenance(mode, reason, until, seconds)
