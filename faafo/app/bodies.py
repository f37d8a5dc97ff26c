# SPDX-License-Identifier: Apache-2.0
"""Budgets of requests that are arriving: bytes of uploads, and of large heads."""

import threading

# In the WSGI environment of an upload that was dropped since there was no room for it.
NO_ROOM = "faafo.no_room"


class Budget:
    """``most`` bytes, of which requests take parts; thread-safe."""

    def __init__(self, most: int) -> None:
        self.left = most
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take ``count`` bytes, or answer False."""
        with self._lock:
            if count > self.left:
                return False
            self.left -= count
            return True

    def give_back(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self.left += count
