# SPDX-License-Identifier: Apache-2.0
"""Counts of fractals: a full count that is repeated now and then, plus the newest rows."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadline import BOUNDED
from faafo.db.models import Deletions, Fractal
from faafo.db.scope import EVERYTHING, Scope
from faafo.fractal.drawing import PARTS_PARAMETERS
from faafo.fractal.task import Status

# An INSERT in progress during a full count commits within this time; the next one includes it.
RECOUNT_SECONDS = 20.0
# An INSERT in progress has one of the newest ids: these are counted on each call.
MARGIN = 100
# A count that took s seconds is reused for this factor times s, which bounds the cost of counting.
TOTAL_REUSE_FACTOR = 50.0
STATUS_REUSE_FACTOR = 10.0
# A count by status that takes less than this is repeated on each call.
CHEAP_SECONDS = 0.01
# The scopes whose counts are kept; each is a few hundred bytes.
MOST_SCOPES = 1000
# How long a request waits while another thread counts for the first time.
WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class _FullCount:
    """There were ``count`` fractals up to id ``up_to`` when ``deletions`` had been deleted."""

    deletions: int
    up_to: int
    count: int
    valid_until: float


class Counts:
    """Counts the fractals of one database in one scope for one process; thread-safe.

    COUNT(*) reads every record, and each page of the list and of the gallery shows the total. So
    old records are counted now and then, and after a deletion; new ones on each call. Most records
    are complete; their count is the total minus the other statuses. One thread counts at a time;
    others take its previous count meanwhile.

    :param margin: number of newest ids that are counted on each call.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        margin: int = MARGIN,
        scope: Scope = EVERYTHING,
    ) -> None:
        self._scope = scope
        self._clock = clock
        self._margin = margin
        self._full: _FullCount | None = None
        self._unfinished: dict[str, int] | None = None
        self._unfinished_valid_until = clock()
        self._lock = threading.Lock()

    def total(self, session: Session) -> int:
        """Return the number of fractals.

        :raises faafo.errors.Overloaded: when another thread has been counting for a second, and
            there is no previous count.
        """
        deletions = session.scalar(select(Deletions.count).where(Deletions.id == 1)) or 0
        full = self._full
        if full is None or full.deletions != deletions or self._clock() >= full.valid_until:
            full = self._counted(session, deletions)
        return full.count + count_where(session, *self._scope.where, Fractal.id > full.up_to)

    def where(self, session: Session, *where: ColumnElement[bool]) -> int:
        """Return the number of fractals for which all conditions hold; reads each of them."""
        return count_where(session, *self._scope.where, *where, **BOUNDED)

    def by_status(self, session: Session) -> dict[str, int]:
        """Return the number of fractals by status, zeros included.

        :raises faafo.errors.Overloaded: as ``total`` does.
        """
        counts = self.unfinished(session)
        counts[Status.COMPLETE] = max(0, self.total(session) - sum(counts.values()))
        return counts

    def unfinished(self, session: Session) -> dict[str, int]:
        """Return the number of fractals that are not complete by status, zeros included.

        :raises faafo.errors.Overloaded: as ``total`` does.
        """
        if self._clock() >= self._unfinished_valid_until and self._may_count(
            session, is_first=self._unfinished is None
        ):
            try:
                self._count_unfinished(session)
            finally:
                self._lock.release()
        statuses = (status.value for status in Status if status is not Status.COMPLETE)
        return dict.fromkeys(statuses, 0) | (self._unfinished or {})

    def _counted(self, session: Session, deletions: int) -> _FullCount:
        """Return a new full count, or the previous one while another thread counts."""
        previous = self._full
        if not self._may_count(session, is_first=previous is None):
            assert previous is not None
            return previous
        try:
            if self._full is previous:
                self._full = self._count_old(session, deletions)
            assert self._full is not None
            return self._full
        finally:
            self._lock.release()

    def _may_count(self, session: Session, is_first: bool) -> bool:
        """Take the lock, or answer False while another thread counts; wait for the first count."""
        if self._lock.acquire(blocking=False):
            return True
        if not is_first:
            return False
        # Nothing has been changed. What waits must hold no connection, which claims need.
        session.rollback()
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise errors.Overloaded("the fractals are being counted; try again later")
        return True

    def _count_old(self, session: Session, deletions: int) -> _FullCount:
        began_at = self._clock()
        newest = session.scalar(select(func.max(Fractal.id))) or 0
        up_to = max(0, newest - self._margin)
        old = Fractal.id <= up_to
        count = count_where(session, *self._scope.counted, old, **BOUNDED)
        now = self._clock()
        reuse = max(RECOUNT_SECONDS, TOTAL_REUSE_FACTOR * (now - began_at))
        return _FullCount(deletions, up_to, count, now + reuse)

    def _count_unfinished(self, session: Session) -> None:
        began_at = self._clock()
        others = [status for status in Status if status is not Status.COMPLETE]
        query = select(Fractal.status, func.count().label("total")).group_by(Fractal.status)
        query = query.where(*self._scope.counted, Fractal.status.in_(others))
        rows = session.execute(query, execution_options=BOUNDED)
        self._unfinished = {row.status: row.total for row in rows}
        now = self._clock()
        took = now - began_at
        reuse = STATUS_REUSE_FACTOR * took if took > CHEAP_SECONDS else 0.0
        self._unfinished_valid_until = now + reuse


class CountsByScope:
    """The counts of each scope that was asked for lately; thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Scope, Counts] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, scope: Scope = EVERYTHING) -> Counts:
        """Return the counts of ``scope``; those of a collection or a parent are not kept.

        Both are small.
        """
        if scope.collection_id is not None or scope.parent is not None:
            return Counts(scope=scope)
        with self._lock:
            counts = self._kept.setdefault(scope, Counts(scope=scope))
            self._kept.move_to_end(scope)
            if len(self._kept) > MOST_SCOPES:
                self._kept.popitem(last=False)
            return counts


def count_where(session: Session, *where: ColumnElement[bool], **options: Any) -> int:
    """Return the number of fractals for which all conditions hold; reads each of them.

    :param options: execution options of the statement, such as ``deadline.BOUNDED``.
    """
    query = select(func.count()).select_from(Fractal).where(*where)
    return session.scalar(query, execution_options=options) or 0


def later_queued(session: Session, parameters: int) -> int:
    """Return the number of queued fractals with a later version of the drawing parameters."""
    later = [Fractal.status == Status.QUEUED, Fractal.parameter_version > parameters]
    if parameters >= PARTS_PARAMETERS:
        # Joins of films alone have one: what has children is little, and has an index of its own.
        later.append(Fractal.children.is_not(None))
    return count_where(session, *later, **BOUNDED)


def delayed(session: Session) -> int:
    """Return the number of queued fractals that cannot be claimed yet."""
    query = Fractal.status == Status.QUEUED, Fractal.claimable_at > moment()
    return count_where(session, *query, **BOUNDED)


def is_queue_full(session: Session, size: int) -> bool:
    """Tell whether ``size`` fractals or more are queued; reads at most ``size`` index entries."""
    queued = select(Fractal.id).where(Fractal.status == Status.QUEUED).order_by(Fractal.id)
    return session.scalar(queued.offset(size - 1).limit(1)) is not None
