# SPDX-License-Identifier: Apache-2.0
"""Budgets of requests that are arriving: bytes of uploads, and of large heads."""

import threading
from collections.abc import Callable

# In the WSGI environment of an upload that was dropped since there was no room for it.
NO_ROOM = "faafo.no_room"


class Budget:
    """``most()`` bytes, of which requests take parts; thread-safe."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """The bytes that can be taken now."""
        return self._most() - self._taken

    def take(self, count: int) -> bool:
        """Take ``count`` bytes, or answer False."""
        with self._lock:
            if count > self.left:
                return False
            self._taken += count
            return True

    def give_back(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._taken -= count
