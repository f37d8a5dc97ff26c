# SPDX-License-Identifier: Apache-2.0
"""Failed attempts to log in, of which there may be a few a minute."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from faafo import errors

WINDOW_SECONDS = 60.0
# Failures in a window: of one user from one address, and from one address.
MOST_OF_USER = 10
MOST_OF_ADDRESS = 100
# Users and addresses that are remembered; when there are more, the oldest are forgotten.
MOST_KEYS = 10_000


class Attempts:
    """Counts failures by user and address in a sliding window; thread-safe.

    A user is locked out at one address only: elsewhere, nobody can lock another one out. What has
    begun counts as a failure until it succeeds, so that many at a time are no way around.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, ...], deque[float]] = {}
        self._lock = threading.Lock()

    def begin(self, user: str, address: str) -> None:
        """Count an attempt.

        :raises faafo.errors.TooManyAttempts: when it is one too many; says for how many seconds.
        """
        with self._lock:
            now = self._clock()
            for key, most in _limits(user, address):
                times = self._recent(key, now)
                if len(times) >= most:
                    raise errors.TooManyAttempts(math.ceil(times[0] + WINDOW_SECONDS - now))
            for key, _most in _limits(user, address):
                # The last one to begin is the last one to be forgotten.
                times = self._failures.pop(key, deque())
                times.append(now)
                self._failures[key] = times
            self._forget(now)

    def forgive(self, user: str, address: str) -> None:
        """Take back the last attempt: it was no failure."""
        with self._lock:
            for key, _most in _limits(user, address):
                times = self._failures.get(key)
                if times:
                    times.pop()

    def _forget(self, now: float) -> None:
        for key in list(self._failures):
            times = self._failures[key]
            if len(self._failures) <= MOST_KEYS and times and times[-1] > now - WINDOW_SECONDS:
                return
            del self._failures[key]

    def _recent(self, key: tuple[str, ...], now: float) -> deque[float]:
        times = self._failures.get(key, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return times


def _limits(user: str, address: str) -> tuple[tuple[tuple[str, ...], int], ...]:
    return ((address, user), MOST_OF_USER), ((address,), MOST_OF_ADDRESS)
