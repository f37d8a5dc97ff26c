# SPDX-License-Identifier: Apache-2.0
"""Arrivals: lets requests wait until there is a fractal to claim."""

import threading
import time
from collections.abc import Callable

# Seconds between two looks at the database: other processes queue fractals, and leases expire.
LOOK_SECONDS = 0.5


class Arrivals:
    """Requests that wait for a fractal, and the announcements of this process that end the wait.

    Until ``open`` is called no request waits: a server that has few processes and no threads
    answers at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._is_open = False

    def open(self) -> None:
        """Let requests wait from now on."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Have all requests that wait be answered at once, and let none wait any more."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def announce(self) -> None:
        """Have each waiting request look whether there is a fractal to claim."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def wait(self, seconds: float, is_there: Callable[[], bool]) -> bool:
        """Return whether there is a fractal to claim, within ``seconds``.

        :param is_there: looks into the database; it must not keep a connection.
        """
        deadline = time.monotonic() + seconds
        while True:
            seen = self._number
            if is_there():
                return True
            with self._changed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._is_open:
                    return False
                if self._number == seen:
                    self._changed.wait(min(left, LOOK_SECONDS))
