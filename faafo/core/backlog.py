# SPDX-License-Identifier: Apache-2.0
"""The backlog as a process of the API tells it: counted at most once a second."""

import threading
import time
from collections.abc import Callable, Sequence

from faafo import errors
from faafo.db import Session
from faafo.db.backlog import Group, read

# What was counted is told again for this long, and for this factor times what the count took: so
# however often it is asked for, the count occupies a tenth of a connection at most.
REUSE_SECONDS = 1.0
REUSE_FACTOR = 10.0
# How long a request waits while another thread counts for the first time.
WAIT_SECONDS = 1.0


class KnownBacklog:
    """The backlog, counted by one thread at a time; others get the previous one meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: tuple[float, Sequence[Group]] | None = None
        self._lock = threading.Lock()

    def get(self, session: Session) -> Sequence[Group]:
        """Return the groups of the backlog.

        :raises faafo.errors.Overloaded: when another thread has been counting for a second, and
            nothing was counted before.
        """
        known = self._known
        if known is not None and (self._clock() < known[0] or self._lock.locked()):
            return known[1]
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise errors.Overloaded("the backlog is being counted; try again later")
        try:
            known = self._known
            if known is None or self._clock() >= known[0]:
                known = self._known = self._counted(session)
            return known[1]
        finally:
            self._lock.release()

    def _counted(self, session: Session) -> tuple[float, Sequence[Group]]:
        began_at = self._clock()
        groups = read(session)
        now = self._clock()
        return now + max(REUSE_SECONDS, REUSE_FACTOR * (now - began_at)), groups
