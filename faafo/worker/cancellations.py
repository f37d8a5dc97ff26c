# SPDX-License-Identifier: Apache-2.0
"""Cancellations: an event for each running render, by which it is cancelled."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Cancellations:
    """Keeps an event for each running render; the render stops when it is set."""

    def __init__(self) -> None:
        self._renders: dict[threading.Event, Hashable] = {}
        self._everything = False
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, key: Hashable) -> Iterator[threading.Event]:
        """Yield the event of a render; several renders may have the same ``key``."""
        cancelled = threading.Event()
        with self._lock:
            self._renders[cancelled] = key
            if self._everything:
                cancelled.set()
        try:
            yield cancelled
        finally:
            with self._lock:
                del self._renders[cancelled]

    def cancel(self, key: Hashable) -> bool:
        """Cancel the renders with this ``key``; return whether there are any."""
        with self._lock:
            found = [event for event, known in self._renders.items() if known == key]
        for event in found:
            event.set()
        return bool(found)

    def cancel_everything(self) -> None:
        """Cancel all renders, also those that begin later."""
        with self._lock:
            self._everything = True
            for event in self._renders:
                event.set()
