# SPDX-License-Identifier: Apache-2.0
"""A cache of byte strings that is bounded by their total size."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class ByteCache:
    """Keeps the most recently used values, up to ``max_bytes`` in total; thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the value of ``key``; call ``make`` for it unless it is cached.

        ``make`` runs in one thread at a time, which bounds memory. Threads that wait for the same
        key share its value.
        """
        value = self._recall(key)
        if value is not None:
            return value
        with self._making:
            value = self._recall(key)
            if value is None:
                value = make()
                self._keep(key, value)
        return value

    def _recall(self, key: Hashable) -> bytes | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def _keep(self, key: Hashable, value: bytes) -> None:
        with self._lock:
            self._values[key] = value
            self._bytes += len(value)
            while self._bytes > self._max_bytes:
                _, oldest = self._values.popitem(last=False)
                self._bytes -= len(oldest)
