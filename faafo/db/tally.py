"""The numbers of fractals, without reading every one of them each time somebody asks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from faafo.db.models import Deletions, Fractal
from faafo.fractal.task import Status

# A transaction takes less, so what was the newest id so long ago has no unseen one below it.
SETTLED_SECONDS = 20.0
# Statuses other than complete are counted at each question, until they are as many as this. Then
# the answer is good for a while: about ten times what it takes to count them again.
MANY = 10_000
SECONDS_A_ROW = 2e-6
# Hardly ever are so many fractals posted while another one's transaction is under way.
MARGIN = 100


@dataclass(frozen=True)
class _Base:
    """There were ``count`` fractals up to id ``up_to``, after so many ``deletions``.

    ``settled`` and ``settled_count`` are the same for an id that nothing can turn up below now.
    """

    deletions: int
    settled: int
    settled_count: int
    up_to: int
    count: int
    counted_at: float


class Tally:
    """Counts fractals once, and from then on only those that are new.

    What it counts on is looked at again after ``SETTLED_SECONDS``, when every transaction that was
    under way has ended.

    :param margin: how many of the newest ids are never counted on.
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
        newest = session.scalar(select(func.max(Fractal.id))) or 0
        with self._lock:
            base = self._base = self._renewed(session, deletions, max(0, newest - self._margin))
        return base.count + _count(session, above=base.up_to)

    def by_status(self, session: Session) -> dict[str, int]:
        """Return how many fractals there are of each status, 0 included.

        Most are complete at most times: these are what is left of all when the others are counted.
        """
        with self._lock:
            if self._clock() >= self._unfinished_good_until:
                self._count_unfinished(session)
            unfinished = self._unfinished
        counts = {status.value: 0 for status in Status} | unfinished
        counts[Status.COMPLETE] = max(0, self.total(session) - sum(unfinished.values()))
        return counts

    def _count_unfinished(self, session: Session) -> None:
        others = [status for status in Status if status is not Status.COMPLETE]
        query = select(Fractal.status, func.count()).where(Fractal.status.in_(others))
        self._unfinished = dict(session.execute(query.group_by(Fractal.status)).all())
        rows = sum(self._unfinished.values())
        self._unfinished_good_until = self._clock() + (SECONDS_A_ROW * rows if rows > MANY else 0.0)

    def _renewed(self, session: Session, deletions: int, up_to: int) -> _Base:
        base, now = self._base, self._clock()
        if base is None or base.deletions != deletions:
            return _Base(deletions, 0, 0, up_to, _count(session, 0, up_to), now)
        if now - base.counted_at < SETTLED_SECONDS:
            return base
        settled, settled_count = base.up_to, base.settled_count
        settled_count += _count(session, base.settled, settled)
        count = settled_count + _count(session, settled, up_to)
        return _Base(deletions, settled, settled_count, max(settled, up_to), count, now)


def _count(session: Session, above: int = 0, up_to: int | None = None) -> int:
    query = select(func.count()).select_from(Fractal).where(Fractal.id > above)
    if up_to is not None:
        query = query.where(Fractal.id <= up_to)
    return session.scalar(query) or 0
