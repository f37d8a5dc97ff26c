# SPDX-License-Identifier: Apache-2.0
"""Vital threads: those without which a service only looks alive."""

import threading
import time
from collections.abc import Callable

# Seconds after which a thread counts as stuck; no request to a peer takes as long.
STUCK_SECONDS = 60.0


class VitalThreads:
    """Knows when each vital thread has to move next.

    :param clock: returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()

    def beat(self, name: str, pause: float = 0.0) -> None:
        """Record that thread ``name`` moves, and will do so again after ``pause`` seconds."""
        with self._lock:
            self._due[name] = self._clock() + pause + STUCK_SECONDS

    def stuck(self) -> list[str]:
        """Return the names of the threads that are overdue."""
        with self._lock:
            now = self._clock()
            return sorted(name for name, due in self._due.items() if due < now)
