# SPDX-License-Identifier: Apache-2.0
"""Claims: fractals are handed to producers on leases, which expire unless they are renewed.

Each change is one conditional UPDATE that states what it expects to find. That is fencing without
a lock, and the same on SQLite and MariaDB. Times are the database's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, exists, select, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, children, events, shares, usage, waiting
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.fractals import REFRESH
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy
from faafo.db.queueing import UNCLAIMED
from faafo.db.statements import execute_update
from faafo.db.waiting import CANDIDATE
from faafo.fractal.events import OF_STATUS, EventType
from faafo.fractal.kinds import FIRST_NEEDS, Need
from faafo.fractal.task import Status, is_quarantined
from faafo.metrics import catalogue as metrics

# Maximum number of expired leases that one claim ends, and of overdue fractals.
LARGEST_SWEEP = 1000
EXPIRED = (Fractal.status == Status.RENDERING, Fractal.lease_expires_at <= moment())
OVERDUE = (Fractal.status == Status.QUEUED, Fractal.expires_at <= moment())
IS_ANY_OVER = select(exists().where(*EXPIRED), exists().where(*OVERDUE))
# Which projects this process has given fractals, and at which it has looked for a producer that
# waits.
TURNS, LOOKS = shares.Turns(), shares.Turns()


@dataclass(frozen=True)
class Terms:
    """Which fractals a claim may take.

    :param parameters: the latest version of the drawing parameters that they may have.
    :param limit: the number of fractals of a project that are rendered at the same time, at most.
    :param needs: those that they may have; each once.
    """

    parameters: int = 1
    limit: int = shares.NO_LIMIT
    needs: tuple[Need, ...] = FIRST_NEEDS


ANY = Terms()


@retry_on_deadlock
def claim(
    session: Session,
    claimed_by: str,
    count: int,
    seconds: float,
    policy: RetryPolicy,
    terms: Terms = ANY,
) -> Sequence[Fractal]:
    """Lease up to ``count`` queued fractals to ``claimed_by`` for ``seconds``; return them in turn.

    Projects get fair shares; of those of a project the one with the earliest turn comes first.

    A quarantined fractal is leased alone, so that no other lease is lost if it kills the claimant.
    Rows locked by another claim are skipped where the database supports that; where it does not,
    the attempt that each UPDATE expects lets only one claim win.
    """
    expired, overdue = _end_what_is_over(session, policy)
    if terms.limit:
        shares.lock(session)
    candidates = _batch(_pick(session, terms, count, TURNS))
    values = {
        "status": Status.RENDERING,
        "attempt": Fractal.attempt + 1,
        "claimed_by": claimed_by,
        "lease_expires_at": moment(seconds),
        "claimed_at": moment(),
        "rows_done": None,
    }
    won = _change_all(session, candidates, values)
    if won:
        events.record(session, EventType.RENDERING, Fractal.id.in_(won))
    query = select(Fractal).where(Fractal.id.in_(won))
    found = session.scalars(query, execution_options=REFRESH).all() if won else []
    claimed = sorted(found, key=lambda one: won.index(one.id))
    session.commit()
    _measure(claimed, expired, overdue)
    return claimed


def is_any_claimable(session: Session, terms: Terms = ANY) -> bool:
    """Return whether a claim would find a fractal, an expired lease, or what is overdue."""
    if any(session.execute(IS_ANY_OVER).one()):
        return True
    return bool(_pick(session, terms, 1, LOOKS, is_locking=False))


def _pick(
    session: Session, terms: Terms, count: int, turns: shares.Turns, is_locking: bool = True
) -> list[Row[Any]]:
    """Return up to ``count`` fractals that can be claimed now, in the order of fair shares."""
    standings = shares.standings(session, terms.limit, terms.needs)

    def fetch(project: waiting.Project, most: int) -> Sequence[Row[Any]]:
        needs = standings[project].needs
        return waiting.first(session, project, needs, terms.parameters, most, is_locking)

    return shares.pick(standings, count, turns, fetch)


def _measure(
    claimed: Sequence[Fractal], expired: dict[Status, list[Row]], overdue: Sequence[Row]
) -> None:
    metrics.CLAIMED.add(amount=len(claimed))
    for one in claimed:
        if one.claimed_at is not None:
            waited = (one.claimed_at - one.claimable_at).total_seconds()
            metrics.QUEUE_SECONDS.observe(max(0.0, waited))
    retried, dead = len(expired[Status.QUEUED]), len(expired[Status.ERROR])
    metrics.EXPIRED.add(amount=retried + dead)
    metrics.RETRIED.add(amount=retried)
    metrics.DEAD.add(amount=dead + len(overdue))


def _end_what_is_over(
    session: Session, policy: RetryPolicy
) -> tuple[dict[Status, list[Row]], list[Row]]:
    """End expired leases and what is overdue; return each as the functions below do."""
    is_expired, is_overdue = session.execute(IS_ANY_OVER).one()
    expired: dict[Status, list[Row]] = {Status.QUEUED: [], Status.ERROR: []}
    if is_expired:
        expired = _end_expired_leases(session, policy)
    return expired, _end_overdue(session) if is_overdue else []


def _end_expired_leases(session: Session, policy: RetryPolicy) -> dict[Status, list[Row]]:
    """Record a failure for each expired lease: queue its fractal again, or set it to error.

    Return what has ended by the status that the fractals have now.
    """
    ended: dict[Status, list[Row]] = {Status.QUEUED: [], Status.ERROR: []}
    for one in _sweep(session, EXPIRED, Fractal.lease_expires_at):
        fault = (
            f"attempt {one.attempt} failed: the lease of producer {one.claimed_by} expired at "
            f"{one.lease_expires_at.isoformat(timespec='seconds')}Z"
        )
        values = policy.after_failure(one.failures, fault, delayed=False)
        if _change(session, one, values):
            ended[values["status"]].append(one)
            children.follow(session, [one], values["status"], fault)
    for status, rows in ended.items():
        _tell_ended(session, status, rows)
    return ended


def _end_overdue(session: Session) -> list[Row]:
    """Set queued fractals to error that should have begun by now; return what they were."""
    ended = []
    for one in _sweep(session, OVERDUE, Fractal.expires_at):
        fault = _why_over(session, one)
        if _change(session, one, {"status": Status.ERROR, "fault": fault, **UNCLAIMED}):
            ended.append(one)
            children.follow(session, [one], Status.ERROR, fault)
    _tell_ended(session, Status.ERROR, ended)
    return ended


def _why_over(session: Session, one: Row) -> str:
    """Return the fault of what is overdue; it has that of its last attempt, if it had one."""
    when = f"{one.expires_at.isoformat(timespec='seconds')}Z"
    if not one.attempt:
        return f"expired: its render had not begun by {when}"
    before = session.scalar(select(Fractal.fault).where(Fractal.id == one.id))
    return f"expired: no other attempt had begun by {when}" + (f"; {before}" if before else "")


def _tell_ended(session: Session, status: Status, rows: Sequence[Row]) -> None:
    if status == Status.ERROR:
        usage.add(session, [(one.project_id, usage.ENDED) for one in rows])
    if rows:
        events.record(session, OF_STATUS[status], Fractal.id.in_([one.id for one in rows]))


def _sweep(session: Session, where: Iterable[ColumnElement[bool]], order_by: Any) -> list[Row]:
    query = select(*CANDIDATE).where(*where).order_by(order_by).limit(LARGEST_SWEEP)
    return list(session.execute(query.with_for_update(skip_locked=True)))


def _batch(candidates: list[Row]) -> list[Row]:
    """Return the first candidate alone if it is quarantined, else all before a quarantined one."""
    if candidates and is_quarantined(candidates[0].failures):
        return candidates[:1]
    return list(takewhile(lambda one: not is_quarantined(one.failures), candidates))


def _change_all(session: Session, candidates: list[Row], values: dict[str, Any]) -> list[int]:
    """Change those of ``candidates`` that are still queued; return their ids.

    A single UPDATE suffices where the database has locked the rows, and usually where it has not.
    """
    if not candidates:
        return []
    ids = [one.id for one in candidates]
    query = update(Fractal).where(Fractal.id.in_(ids), Fractal.status == Status.QUEUED)
    changed = execute_update(session, query.values(**values))
    if changed == len(ids):
        return ids
    # The count does not say which of them changed: change them one by one.
    session.rollback()
    return [one.id for one in candidates if _change(session, one, values)]


def _change(session: Session, candidate: Row, values: dict[str, Any]) -> bool:
    query = (
        update(Fractal)
        .where(Fractal.id == candidate.id, Fractal.attempt == candidate.attempt)
        .where(Fractal.status == candidate.status)
        .values(**values)
    )
    return execute_update(session, query) == 1
