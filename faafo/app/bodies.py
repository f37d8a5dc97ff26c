# SPDX-License-Identifier: Apache-2.0
"""The budget of uploads: how many bytes of them are being received at the same time."""

import threading

# In the WSGI environment of an upload that was dropped since there was no room for it.
NO_ROOM = "faafo.no_room"


class Budget:
    """``most`` bytes, of which bodies take parts; thread-safe."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take ``count`` bytes, or answer False."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._left += count
