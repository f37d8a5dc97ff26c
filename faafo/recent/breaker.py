# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: after a failure, a peer is left alone for a while."""

import threading
import time
from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class Breaker:
    """Says whether to ask a peer; after each failure in a row not for twice as long; thread-safe.

    When the time is over one caller tries, and the others go without until it has succeeded.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0
        self._until = 0.0

    def may_ask(self) -> bool:
        """Tell whether to ask the peer now."""
        if not self._pause:
            return True
        with self._lock:
            if self._clock() < self._until:
                return False
            self._until = self._clock() + self._pause
            return True

    def failed(self) -> bool:
        """Record that the peer does not answer; return whether it did before."""
        with self._lock:
            first = not self._pause
            self._pause = min(2 * self._pause, LONGEST_SECONDS) or FIRST_SECONDS
            self._until = self._clock() + self._pause
            return first

    def succeeded(self) -> bool:
        """Record that the peer answers; return whether it did not before."""
        if not self._pause:
            return False
        with self._lock:
            again = bool(self._pause)
            self._pause = 0.0
            return again
