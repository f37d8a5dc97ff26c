"""The number of all fractals, without reading every one of them each time somebody asks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from faafo.db.models import Deletions, Fractal

# A transaction takes less, so what was the newest id so long ago has no unseen one below it.
SETTLED_SECONDS = 20.0


@dataclass
class _Base:
    """There are ``count`` fractals up to id ``up_to``, after so many ``deletions``.

    ``settled`` says that nothing can turn up below it any more. ``newest`` was the newest id at the
    time ``seen_at``.
    """

    deletions: int
    up_to: int
    count: int
    settled: bool
    newest: int
    seen_at: float


class Tally:
    """Counts fractals once, and from then on only those that are new."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._base: _Base | None = None
        self._lock = threading.Lock()

    def total(self, session: Session) -> int:
        """Return how many fractals there are."""
        deletions = session.scalar(select(Deletions.count).where(Deletions.id == 1)) or 0
        newest = session.scalar(select(func.max(Fractal.id))) or 0
        with self._lock:
            base = self._renewed(session, deletions, newest)
        return base.count + _count(session, above=base.up_to)

    def _renewed(self, session: Session, deletions: int, newest: int) -> _Base:
        base, now = self._base, self._clock()
        if base is None or base.deletions != deletions:
            count = _count(session, up_to=newest)
            base = _Base(deletions, newest, count, settled=False, newest=newest, seen_at=now)
        elif now - base.seen_at >= SETTLED_SECONDS:
            # What was uncommitted at the first count is there now: count once more.
            above, counted = (base.up_to, base.count) if base.settled else (0, 0)
            counted += _count(session, above=above, up_to=base.newest)
            base = _Base(deletions, base.newest, counted, True, newest, now)
        self._base = base
        return base


def _count(session: Session, above: int = 0, up_to: int | None = None) -> int:
    query = select(func.count()).select_from(Fractal).where(Fractal.id > above)
    if up_to is not None:
        query = query.where(Fractal.id <= up_to)
    return session.scalar(query) or 0
