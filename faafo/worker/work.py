# SPDX-License-Identifier: Apache-2.0
"""What a worker has done: counts and render times for the registry of services."""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

MINUTE = 60
QUARTER = 15 * MINUTE
# Renders whose median time is told.
LATEST = 101


class WorkDone:
    """Counts renders in memory of a fixed size: one number for each second of a quarter.

    :param clock: returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total = 0
        # Pairs of a second and the number of renders that ended in it.
        self._ends: deque[tuple[int, int]] = deque(maxlen=QUARTER)
        self._durations: deque[float] = deque(maxlen=LATEST)
        self._lock = threading.Lock()

    def record(self, seconds: float) -> None:
        """Record a render that has ended now, and took ``seconds``."""
        now = int(self._clock())
        with self._lock:
            self._total += 1
            self._durations.append(seconds)
            if self._ends and self._ends[-1][0] == now:
                self._ends[-1] = (now, self._ends[-1][1] + 1)
            else:
                self._ends.append((now, 1))

    def members(self) -> dict[str, Any]:
        """Return the numbers of renders since the start, in the last minute and in 15 minutes.

        ``median_seconds`` is the median time of the latest ones, None before the first.
        """
        now = int(self._clock())
        with self._lock:
            return {
                "done": self._total,
                "done_1": self._since(now - MINUTE),
                "done_15": self._since(now - QUARTER),
                "median_seconds": statistics.median(self._durations) if self._durations else None,
            }

    def _since(self, second: int) -> int:
        return sum(count for ended, count in self._ends if ended > second)
