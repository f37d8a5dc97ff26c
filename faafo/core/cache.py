# SPDX-License-Identifier: Apache-2.0
"""A cache of byte strings that is bounded by their total size."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from faafo.core.bulkhead import Bulkhead


class ByteCache:
    """Keeps the most recently used values, up to ``max_bytes`` in total; thread-safe.

    :param bulkhead: bounds the values that are made at the same time; a cached one needs no place.
    """

    def __init__(self, max_bytes: int, bulkhead: Bulkhead) -> None:
        self._max_bytes = max_bytes
        self._bulkhead = bulkhead
        self._bytes = 0
        self._values: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the value of ``key``; call ``make`` for it unless it is cached.

        :raises faafo.errors.Overloaded: when too many values are being made.
        """
        value = self._recall(key)
        if value is not None:
            return value
        with self._bulkhead.place():
            # Another thread may have made it while this one waited for its place.
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
            self._bytes += len(value) - len(self._values.pop(key, b""))
            self._values[key] = value
            while self._bytes > self._max_bytes:
                _, oldest = self._values.popitem(last=False)
                self._bytes -= len(oldest)
