"""How a fractal moves through its life: claims, leases, results, failures.

Each change is one conditional UPDATE that states what it expects to find. That is fencing without
a lock, and the same on SQLite and MariaDB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db.deadlock import restarted
from faafo.db.fractals import get, now
from faafo.db.models import Fractal
from faafo.fractal.task import Status

UNCLAIMED = {"claimed_by": None, "lease_expires_at": None}


@dataclass(frozen=True)
class RetryPolicy:
    """How often a render may fail, and the seconds to wait after the first and any failure."""

    max_attempts: int
    delay: float
    longest_delay: float

    def delay_after(self, failures: int) -> timedelta:
        """Return the pause before the next attempt; it doubles with each failure."""
        doubled = self.delay * 2.0 ** min(failures - 1, 64)
        return timedelta(seconds=min(doubled, self.longest_delay))


@restarted
def claim(session: Session, claimed_by: str, count: int, lease: timedelta) -> Sequence[Fractal]:
    """Hand up to ``count`` fractals to ``claimed_by`` for rendering.

    Those whose lease has expired come first, then the queued ones, oldest first. Rows that
    somebody else is claiming are skipped where the database can tell; where it cannot, the
    attempt that each UPDATE expects lets only one of them win.
    """
    moment = now()
    expired = (Fractal.status == Status.RENDERING, Fractal.lease_expires_at <= moment)
    queued = (Fractal.status == Status.QUEUED, Fractal.claimable_at <= moment)
    candidates = _candidates(session, expired, Fractal.lease_expires_at, count)
    candidates += _candidates(session, queued, Fractal.claimable_at, count - len(candidates))
    values = {
        "status": Status.RENDERING,
        "attempt": Fractal.attempt + 1,
        "claimed_by": claimed_by,
        "lease_expires_at": moment + lease,
    }
    won = [
        id_
        for id_, attempt, status in candidates
        if session.execute(
            update(Fractal)
            .where(Fractal.id == id_, Fractal.attempt == attempt, Fractal.status == status)
            .values(**values)
        ).rowcount
    ]
    session.commit()
    if not won:
        return []
    return session.scalars(select(Fractal).where(Fractal.id.in_(won)).order_by(Fractal.id)).all()


def _candidates(
    session: Session,
    where: tuple[ColumnElement[bool], ...],
    order_by: InstrumentedAttribute,
    count: int,
) -> list[Row]:
    query = select(Fractal.id, Fractal.attempt, Fractal.status).where(*where).order_by(order_by)
    return list(session.execute(query.limit(count).with_for_update(skip_locked=True)))


def renew(session: Session, claimed_by: str, uuid: str, attempt: int, lease: timedelta) -> bool:
    """Extend a lease; return False when it is no longer ``claimed_by``'s to extend."""
    return _change_claimed(session, claimed_by, uuid, attempt, {"lease_expires_at": now() + lease})


def release(session: Session, claimed_by: str, uuid: str, attempt: int) -> bool:
    """Queue a claimed fractal again, without calling it a failure; return False as renew does."""
    return _change_claimed(
        session,
        claimed_by,
        uuid,
        attempt,
        {"status": Status.QUEUED, "claimable_at": now(), **UNCLAIMED},
    )


@restarted
def complete(session: Session, uuid: str, attempt: int | None, result: dict[str, Any]) -> Fractal:
    """Record the result of an attempt, or of a client that knows no attempts.

    A result that arrives twice changes nothing; one that arrives after its lease has expired is
    as good as any, since rendering is deterministic, as long as nobody has claimed it again.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is no longer the current one.
    """
    query = update(Fractal).where(Fractal.uuid == uuid)
    if attempt is not None:
        query = query.where(Fractal.attempt == attempt, Fractal.status != Status.ERROR)
    values = {"status": Status.COMPLETE, "fault": None, **UNCLAIMED, **result}
    changed = session.execute(query.values(**values)).rowcount
    session.commit()
    return _changed_or_stale(session, uuid, attempt, changed)


@restarted
def fail(session: Session, uuid: str, attempt: int, fault: str, policy: RetryPolicy) -> Fractal:
    """Record that an attempt failed: queue the fractal again, later, or give it up.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when ``attempt`` is not what is being rendered now.
    """
    failures = get(session, uuid).failures + 1
    if failures >= policy.max_attempts:
        values = {"status": Status.ERROR}
    else:
        delay = policy.delay_after(failures)
        values = {"status": Status.QUEUED, "claimable_at": now() + delay}
    query = (
        update(Fractal)
        .where(Fractal.uuid == uuid, Fractal.attempt == attempt)
        .where(Fractal.status == Status.RENDERING)
        .values(failures=failures, fault=fault, **values, **UNCLAIMED)
    )
    changed = session.execute(query).rowcount
    session.commit()
    return _changed_or_stale(session, uuid, attempt, changed)


@restarted
def _change_claimed(
    session: Session, claimed_by: str, uuid: str, attempt: int, values: dict[str, Any]
) -> bool:
    query = (
        update(Fractal)
        .where(Fractal.uuid == uuid, Fractal.attempt == attempt)
        .where(Fractal.claimed_by == claimed_by, Fractal.status == Status.RENDERING)
        .values(**values)
    )
    changed = session.execute(query).rowcount
    session.commit()
    return changed == 1


def _changed_or_stale(session: Session, uuid: str, attempt: int | None, changed: int) -> Fractal:
    fractal = get(session, uuid)
    if not changed:
        raise errors.StaleAttempt(
            f"attempt: {attempt} of fractal {uuid} is not the current one: it is at attempt "
            f"{fractal.attempt} and {fractal.status}"
        )
    return fractal
