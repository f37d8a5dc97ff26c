# SPDX-License-Identifier: Apache-2.0
"""The numbers of fractals, counted as a whole now and then and completed by what is new."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.sql import ColumnElement

from faafo.db import Session
from faafo.db.models import Deletions, Fractal
from faafo.fractal.task import Status

# An INSERT that was under way during a count commits within this time: the next count finds it.
RECOUNT_SECONDS = 20.0
# An INSERT under way has one of the newest ids: these are counted at each question.
MARGIN = 100
# A count that took s seconds is used for COUNT_REST * s seconds, which bounds what counting costs.
COUNT_REST = 50.0
STATUS_REST = 10.0
# Counting so few that it takes less than this is repeated at each question.
CHEAP_SECONDS = 0.01


@dataclass(frozen=True)
class _Base:
    """There were ``count`` fractals up to id ``up_to`` after that many ``deletions``."""

    deletions: int
    up_to: int
    count: int
    good_until: float


class Counts:
    """Counts the fractals of one database for one process; thread-safe.

    COUNT(*) reads every record, and each page of the list and of the gallery shows the total. So
    the old records are counted now and then, and after a deletion; the new ones each time. Most
    records are complete, and their number is what the others leave of the total.

    :param margin: how many of the newest ids are counted at each question.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, margin: int = MARGIN) -> None:
        self._clock = clock
        self._margin = margin
        self._base: _Base | None = None
        self._unfinished: dict[str, int] = {}
        self._unfinished_good_until = clock()
        self._lock = threading.Lock()

    def total(self, session: Session) -> int:
        """Return how many fractals there are."""
        deletions = session.scalar(select(Deletions.count).where(Deletions.id == 1)) or 0
        with self._lock:
            base = self._base
            if base is None or base.deletions != deletions or self._clock() >= base.good_until:
                base = self._base = self._count_old(session, deletions)
        return base.count + _count(session, Fractal.id > base.up_to)

    def by_status(self, session: Session) -> dict[str, int]:
        """Return how many fractals there are of each status, 0 included."""
        with self._lock:
            if self._clock() >= self._unfinished_good_until:
                self._count_unfinished(session)
            unfinished = self._unfinished
        counts = {status.value: 0 for status in Status} | unfinished
        counts[Status.COMPLETE] = max(0, self.total(session) - sum(unfinished.values()))
        return counts

    def _count_old(self, session: Session, deletions: int) -> _Base:
        began_at = self._clock()
        newest = session.scalar(select(func.max(Fractal.id))) or 0
        up_to = max(0, newest - self._margin)
        count = _count(session, Fractal.id <= up_to)
        now = self._clock()
        rest = max(RECOUNT_SECONDS, COUNT_REST * (now - began_at))
        return _Base(deletions, up_to, count, now + rest)

    def _count_unfinished(self, session: Session) -> None:
        began_at = self._clock()
        others = [status for status in Status if status is not Status.COMPLETE]
        query = select(Fractal.status, func.count().label("total")).group_by(Fractal.status)
        rows = session.execute(query.where(Fractal.status.in_(others)))
        self._unfinished = {row.status: row.total for row in rows}
        now = self._clock()
        took = now - began_at
        self._unfinished_good_until = now + (STATUS_REST * took if took > CHEAP_SECONDS else 0.0)


def _count(session: Session, where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Fractal).where(where)) or 0
