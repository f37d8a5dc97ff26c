# SPDX-License-Identifier: Apache-2.0
"""Outcomes: results and failures of attempts, and retries of fractals in error."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session, changes, children
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.fractals import get, get_again
from faafo.db.identity import identified
from faafo.db.models import Fractal
from faafo.db.queueing import UNCLAIMED, requeued
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status
from faafo.metrics import catalogue as metrics

# A result that arrives twice keeps its first completion time.
COMPLETED = {
    "status": Status.COMPLETE,
    "fault": None,
    "completed_at": func.coalesce(Fractal.__table__.c.completed_at, moment()),
    **UNCLAIMED,
}


@dataclass(frozen=True)
class Result:
    """The result of an attempt: the values of its columns.

    ``image_token`` is the token under which the image is stored: that of the lease, or of an
    earlier one of the same record. None: it is stored without a token.
    """

    lease: Lease
    values: dict[str, Any]
    image_token: str | None = None

    @property
    def is_consistent(self) -> bool:
        """Whether token and image token can belong to this attempt."""
        return self.lease.is_consistent and self.lease.may_own(self.image_token)


# Called with accepted results once they are committed.
Accepted = Callable[[Sequence[Result]], None]


@dataclass(frozen=True)
class RetryPolicy:
    """The number of failures until status error, and the first and the longest delay in seconds."""

    max_attempts: int
    delay: float
    longest_delay: float

    def delay_after(self, failures: int) -> float:
        """Return the seconds before the next attempt.

        Exponential backoff with jitter: the delay doubles with each failure, and up to half of it
        is taken off at random, so that fractals that failed together are not retried together.
        """
        doubled = self.delay * 2.0 ** min(failures - 1, 64)
        return min(doubled, self.longest_delay) * random.uniform(0.5, 1.0)

    def after_failure(self, failures: int, fault: str, delayed: bool = True) -> dict[str, Any]:
        """Return the new values of a fractal that fails after ``failures`` earlier failures."""
        failures += 1
        values = {"failures": failures, "fault": fault, **UNCLAIMED}
        if failures >= self.max_attempts:
            return values | {"status": Status.ERROR}
        delay = self.delay_after(failures) if delayed else 0.0
        return values | {"status": Status.QUEUED, "claimable_at": moment(delay)}


def require_rendering(session: Session, lease: Lease) -> Fractal:
    """Return the fractal that is being rendered on ``lease``.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when it is not being rendered, or on another lease.
    """
    query = select(Fractal.id).where(*identified(lease), Fractal.status == Status.RENDERING)
    return _changed_or_stale(session, lease, session.scalar(query) is not None)


@retry_on_deadlock
def complete(session: Session, result: Result, accepted: Accepted = lambda _: None) -> Fractal:
    """Record the result of an attempt.

    A result that arrives twice changes nothing. One that arrives after its lease has expired is
    accepted until the fractal is claimed again, since rendering is deterministic.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when its lease is no longer the latest one.
    """
    where = (*identified(result.lease), Fractal.status != Status.ERROR)
    values = {**COMPLETED, **result.values, "image_token": result.image_token}
    if not result.lease.may_own(result.image_token):
        raise errors.StaleAttempt(
            f"image_token: {result.image_token} is not of the record with the token "
            f"{result.lease.token}"
        )
    changed = changes.change(session, where, values)
    fractal = _changed_or_stale(session, result.lease, changed)
    accepted([result])
    metrics.COMPLETED.add()
    return fractal


@retry_on_deadlock
def complete_unfenced(session: Session, uuid: str, values: dict[str, Any]) -> Fractal:
    """Record the result of a client that names no attempt, whatever the status of the fractal.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when it has parts, or is one: such a client knows neither.
    """
    whole = (Fractal.parent.is_(None), Fractal.children.is_(None))
    changed = changes.change(session, [Fractal.uuid == uuid, *whole], COMPLETED | values)
    fractal = get(session, uuid)
    session.commit()
    if not changed:
        raise errors.StaleAttempt(f"attempt: is missing, and fractal {uuid} has parts or is one")
    return fractal


@retry_on_deadlock
def fail(session: Session, lease: Lease, fault: str, policy: RetryPolicy) -> Fractal:
    """Record that an attempt failed: queue the fractal again with a delay, or set it to error.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when it is not being rendered, or on another lease.
    """
    values = policy.after_failure(get(session, lease.uuid).failures, fault)
    where = (*identified(lease), Fractal.status == Status.RENDERING)
    changed = changes.change(session, where, values)
    fractal = _changed_or_stale(session, lease, changed)
    (metrics.DEAD if values["status"] == Status.ERROR else metrics.RETRIED).add()
    return fractal


@retry_on_deadlock
def retry(session: Session, uuid: str, incarnation: str | None = None) -> Fractal:
    """Queue a fractal that is in error, or waits for its next attempt, to be claimed at once.

    Its failures are reset to 0; its fault is shown until it is complete.

    Of one with children, those that are not complete are queued.

    :param incarnation: of the record that is meant, if the caller has seen it.
    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.NothingToRetry: when it is being rendered, or complete, or a part.
    """
    seen = get_again(session, uuid, incarnation) if incarnation else get(session, uuid)
    if seen.parent is not None:
        raise errors.NothingToRetry(f"fractal {uuid} is a part of {seen.parent}: retry that")
    incarnation, of_children = seen.incarnation, children.must_render(seen)
    # Only what begins with a change locks SQLite.
    session.rollback()
    if of_children:
        changed: int | bool = children.retry(session, uuid, incarnation)
    else:
        changed = _retry_itself(session, uuid, incarnation)
    fractal = get_again(session, uuid, incarnation)
    session.commit()
    if not changed:
        raise errors.NothingToRetry(
            f"status: fractal {uuid} is {fractal.status}; only a fractal in error can be retried"
        )
    return fractal


def _retry_itself(session: Session, uuid: str, incarnation: str) -> int:
    waiting: tuple[ColumnElement[bool], ...] = (
        Fractal.uuid == uuid,
        Fractal.incarnation == incarnation,
        Fractal.status.in_((Status.ERROR, Status.QUEUED)),
        # One in error whose children are not complete has another retry.
        or_(
            Fractal.children.is_(None),
            Fractal.open_children == 0,
            Fractal.status == Status.QUEUED,
        ),
    )
    return changes.change(session, waiting, requeued())


def retry_all_errors(session: Session, batch_size: int = 1000) -> int:
    """Queue all fractals in error again; return their number."""
    total = 0
    last = 0
    failed = select(Fractal.id).where(Fractal.status == Status.ERROR).order_by(Fractal.id)
    plain = failed.where(Fractal.parent.is_(None), Fractal.children.is_(None))
    while ids := session.scalars(plain.where(Fractal.id > last).limit(batch_size)).all():
        last = ids[-1]
        total += _retry_batch(session, ids)
    parents = select(Fractal.uuid).where(Fractal.status == Status.ERROR, Fractal.children > 0)
    for uuid in session.scalars(parents).all():
        with suppress(errors.FractalNotFound, errors.NothingToRetry):
            retry(session, uuid)
            total += 1
    return total


@retry_on_deadlock
def _retry_batch(session: Session, ids: Sequence[int]) -> int:
    in_error = (Fractal.id.in_(ids), Fractal.status == Status.ERROR)
    changed = changes.change(session, in_error, requeued(), len(ids))
    session.commit()
    return changed


def _changed_or_stale(session: Session, lease: Lease, changed: int | bool) -> Fractal:
    fractal = get(session, lease.uuid)
    session.commit()
    if changed:
        return fractal
    if lease.token is not None and lease.token != fractal.token:
        raise errors.StaleAttempt(
            f"token: {lease.token} is not that of the latest lease on fractal {lease.uuid}, which "
            f"is at attempt {fractal.attempt} and {fractal.status}"
        )
    raise errors.StaleAttempt(
        f"attempt: {lease.attempt} of fractal {lease.uuid} is not the current one: it is at "
        f"attempt {fractal.attempt} and {fractal.status}"
    )
