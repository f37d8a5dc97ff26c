# SPDX-License-Identifier: Apache-2.0
"""Failed attempts to log in, of which there may be a few a minute."""

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

    A user is locked out at one address only: elsewhere, nobody can lock another one out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, ...], deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, user: str, address: str) -> None:
        """Make sure that an attempt is allowed.

        :raises faafo.errors.TooManyAttempts: when it is not; says for how many seconds.
        """
        with self._lock:
            now = self._clock()
            for key, most in _limits(user, address):
                times = self._recent(key, now)
                if len(times) >= most:
                    seconds = times[0] + WINDOW_SECONDS - now
                    raise errors.TooManyAttempts(
                        f"too many failed attempts to log in; try again in {seconds:.0f} seconds"
                    )

    def count_failure(self, user: str, address: str) -> None:
        """Remember that an attempt has failed."""
        with self._lock:
            now = self._clock()
            for key, _most in _limits(user, address):
                times = self._recent(key, now)
                times.append(now)
                # The last one to fail is the last one to be forgotten.
                self._failures.pop(key, None)
                self._failures[key] = times
            while len(self._failures) > MOST_KEYS:
                self._failures.pop(next(iter(self._failures)))

    def _recent(self, key: tuple[str, ...], now: float) -> deque[float]:
        times = self._failures.get(key, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return times


def _limits(user: str, address: str) -> tuple[tuple[tuple[str, ...], int], ...]:
    return ((address, user), MOST_OF_USER), ((address,), MOST_OF_ADDRESS)
