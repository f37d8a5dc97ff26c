# SPDX-License-Identifier: Apache-2.0
"""Cancellations: how renders that are under way are told to stop."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Cancellations:
    """Keeps an event for each render, which is set when it is to stop."""

    def __init__(self) -> None:
        self._renders: list[tuple[Hashable, threading.Event]] = []
        self._everything = False
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, key: Hashable) -> Iterator[threading.Event]:
        """Give the event of a render that is known by ``key``, alone or with others."""
        render = (key, threading.Event())
        with self._lock:
            self._renders.append(render)
            if self._everything:
                render[1].set()
        try:
            yield render[1]
        finally:
            with self._lock:
                # By identity: equal keys are no reason to forget another render.
                self._renders = [one for one in self._renders if one is not render]

    def cancel(self, key: Hashable) -> bool:
        """Stop what is known by ``key``; return whether there is anything."""
        with self._lock:
            found = [event for known, event in self._renders if known == key]
        for event in found:
            event.set()
        return bool(found)

    def cancel_everything(self) -> None:
        """Stop all renders, also those that begin later."""
        with self._lock:
            self._everything = True
            for _key, event in self._renders:
                event.set()
