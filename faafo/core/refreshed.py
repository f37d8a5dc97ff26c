# SPDX-License-Identifier: Apache-2.0
"""What a process knows of a few rows that other processes change: read again now and then."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

# Seconds after which a change by another process is known, at most.
# An idle API reads what concerns claims so often.
READ_SECONDS = 1.0


class Refreshed(Generic[Value]):
    """A value that is read at most every ``seconds``, when it is asked for; thread-safe.

    :param read: returns the value; it must leave no transaction open.
    """

    def __init__(self, read: Callable[[], Value], seconds: float = READ_SECONDS) -> None:
        self._read = read
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: tuple[float, Value] | None = None
        # How often ``forget`` was called: what was being read then may be older than the change.
        self._forgotten = 0

    def get(self) -> Value:
        """Return the value, at most ``seconds`` old."""
        known = self._known
        now = time.monotonic()
        if known is not None and now < known[0] + self._seconds:
            return known[1]
        forgotten = self._forgotten
        value = self._read()
        with self._lock:
            if forgotten == self._forgotten:
                self._known = (now, value)
        return value

    def forget(self) -> None:
        """Read the value anew when it is asked for next: this process has changed it."""
        with self._lock:
            self._forgotten += 1
            self._known = None
