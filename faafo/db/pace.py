# SPDX-License-Identifier: Apache-2.0
"""A limit on how often something happens to each of many things."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Lets each key pass once in ``seconds``; thread-safe.

    :param most: the number of keys that are remembered; beyond it all are forgotten.
    """

    def __init__(
        self, seconds: float, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._passed: dict[str, float] = {}

    def lets(self, key: str) -> bool:
        """Tell whether ``key`` may pass now, and remember it if so."""
        with self._lock:
            now = self._clock()
            if now - self._passed.get(key, now - self._seconds) < self._seconds:
                return False
            if len(self._passed) >= self._most:
                self._passed.clear()
            self._passed[key] = now
            return True
