# SPDX-License-Identifier: Apache-2.0
"""Settings: values that override options of services, and the number of their changes.

Every function that writes commits the session.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.operation_models import Setting, SettingVersion
from faafo.db.statements import execute_update, matched


def version(session: Session) -> int:
    """Return the number of changes so far, and leave no transaction open."""
    found = session.scalar(select(SettingVersion.version))
    session.rollback()
    return found or 0


def everything(session: Session) -> tuple[int, Sequence[Setting]]:
    """Return the number of changes, and all settings by name.

    The settings may be newer than the number, which then differs from the number of the next call.
    """
    number = session.scalar(select(SettingVersion.version)) or 0
    query = select(Setting).order_by(Setting.name)
    return number, session.scalars(query, execution_options={"populate_existing": True}).all()


def get(session: Session, name: str) -> Setting:
    """Return a setting.

    :raises faafo.errors.SettingNotFound: when there is none of this name.
    """
    query = select(Setting).where(Setting.name == name)
    found = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise errors.SettingNotFound(f"there is no setting {name!r:.150}")
    return found


@retry_on_deadlock
def put(session: Session, name: str, value: str) -> Setting:
    """Store a setting, and return it."""
    _count_change(session)
    values = {"value": value, "changed_at": moment()}
    if not execute_update(session, update(Setting).where(Setting.name == name).values(values)):
        session.execute(insert(Setting).values(name=name, **values))
    session.commit()
    return get(session, name)


@retry_on_deadlock
def remove(session: Session, name: str) -> None:
    """Remove a setting.

    :raises faafo.errors.SettingNotFound: when there is none of this name.
    """
    _count_change(session)
    if not matched(session.execute(delete(Setting).where(Setting.name == name))):
        session.rollback()
        raise errors.SettingNotFound(f"there is no setting {name!r:.150}")
    session.commit()


def _count_change(session: Session) -> None:
    """Count a change; its row is locked then, so that changes come one after another."""
    execute_update(session, update(SettingVersion).values(version=SettingVersion.version + 1))
