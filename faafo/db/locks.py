# SPDX-License-Identifier: Apache-2.0
"""Locks with a time to live, and the fencing token that only their holder has.

All times are the database's own. ``require`` apart, every function that writes commits the session.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, null, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.operation_models import Lock
from faafo.db.statements import execute_update
from faafo.fractal.events import as_text


@dataclass(frozen=True)
class LockState:
    """A lock at a moment; without a holder it is free.

    ``token`` is that of the last acquisition, 0 if there was none.
    """

    name: str
    holder: str | None
    token: int
    expires_at: datetime | None


def get(session: Session, name: str) -> LockState:
    """Return the state of a lock, which need not have been acquired before."""
    is_held = Lock.holder.is_not(None) & (Lock.expires_at > moment())
    query = select(Lock.holder, Lock.token, Lock.expires_at, is_held.label("is_held"))
    found = session.execute(query.where(Lock.name == name)).one_or_none()
    if found is None:
        return LockState(name, None, 0, None)
    if not found.is_held:
        return LockState(name, None, found.token, None)
    return LockState(name, found.holder, found.token, found.expires_at)


@retry_on_deadlock
def acquire(session: Session, name: str, holder: str, ttl: float) -> LockState:
    """Give a lock that is free to ``holder`` for ``ttl`` seconds, under a new token.

    :raises faafo.errors.LockConflict: when it is held; names the holder.
    """
    values = {"holder": holder, "expires_at": moment(ttl)}
    is_free = or_(Lock.holder.is_(None), Lock.expires_at <= moment())
    take = update(Lock).where(Lock.name == name, is_free)
    if not execute_update(session, take.values(token=Lock.token + 1, **values)):
        _make(session, name, values)
    # As it was written: it may have expired since, and the caller holds a token all the same.
    query = select(Lock.token, Lock.expires_at).where(Lock.name == name)
    taken = session.execute(query).one()
    session.commit()
    return LockState(name, holder, taken.token, taken.expires_at)


def _make(session: Session, name: str, values: dict[str, Any]) -> None:
    """Insert the row of a lock that has none; the caller commits.

    :raises faafo.errors.LockConflict: when it has one.
    """
    try:
        session.execute(insert(Lock).values(name=name, token=1, **values))
    except IntegrityError:
        session.rollback()
        raise _held(get(session, name)) from None


def _held(state: LockState) -> errors.LockConflict:
    if state.holder is None or state.expires_at is None:
        return errors.LockConflict(f"lock {state.name}: was held until now; try again")
    until = as_text(state.expires_at)
    return errors.LockConflict(f"lock {state.name}: is held by {state.holder!r} until {until}")


@retry_on_deadlock
def extend(session: Session, name: str, token: int, ttl: float) -> LockState:
    """Have a lock expire ``ttl`` seconds from now.

    :raises faafo.errors.LockConflict: when it is not held under ``token``.
    """
    query = update(Lock).where(*_is_held(name, token)).values(expires_at=moment(ttl))
    if not execute_update(session, query):
        session.rollback()
        raise errors.LockConflict(_lost(name, token))
    changed = session.execute(select(Lock.holder, Lock.expires_at).where(Lock.name == name)).one()
    session.commit()
    return LockState(name, changed.holder, token, changed.expires_at)


@retry_on_deadlock
def release(session: Session, name: str, token: int) -> None:
    """Make a lock free; the next holder gets a larger token.

    :raises faafo.errors.LockConflict: when it is not held under ``token``.
    """
    query = update(Lock).where(*_is_held(name, token))
    released = execute_update(session, query.values(holder=null(), expires_at=moment()))
    session.commit()
    if not released:
        raise errors.LockConflict(_lost(name, token))


def require(session: Session, name: str, token: int) -> None:
    """Require that a lock is held under ``token`` until the transaction of ``session`` ends.

    The row of the lock is locked until then, so that nobody acquires it before the caller commits:
    what is written under a token precedes all that is written under a larger one.

    :raises faafo.errors.StaleLock: when it is not held under ``token``.
    """
    # SQLite knows no SELECT FOR UPDATE; an UPDATE locks the row in every database. It changes a
    # value, since nodes of Galera replicate changes alone: else one would accept what is written
    # under a token while another gives the lock away.
    lock_row = update(Lock).where(*_is_held(name, token)).values(uses=Lock.uses + 1)
    if not execute_update(session, lock_row):
        session.rollback()
        raise errors.StaleLock(_lost(name, token))


def _is_held(name: str, token: int) -> tuple[ColumnElement[bool], ...]:
    held = Lock.holder.is_not(None), Lock.expires_at > moment()
    return Lock.name == name, Lock.token == token, *held


def _lost(name: str, token: int) -> str:
    return f"lock {name}: is not held under token {token}"
