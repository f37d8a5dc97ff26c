# SPDX-License-Identifier: Apache-2.0
"""The connections whose requests wait, which the loop of the HTTP server need not visit."""

import selectors
import time
from collections import deque
from typing import Any, Protocol

from faafo.core.parked import Parking

# Seconds between two looks whether the time of a request is over; one that is called comes at once.
DUE_SECONDS = 0.25


class Waiting(Protocol):
    """A connection: its file descriptor, and what its request waits for."""

    _fileno: Any
    ticket: Parking | None

    def park(self) -> None:
        """Send what there is to send, and wait on."""
        ...

    def handle_error(self) -> None:
        """Log the exception that is handled, and close the connection."""
        ...


class WaitingChannels:
    """Takes connections out of the loop, which calls each of them several times a pass.

    Only the thread of the loop calls the methods, but ``call``.

    :param sockets: what the loop visits, by file descriptor.
    """

    def __init__(self, sockets: dict[int, Any]) -> None:
        self._sockets = sockets
        self._waiting: dict[int, Waiting] = {}
        self._called: deque[Waiting] = deque()
        self._looked_at = 0.0
        # The loop has it asked in each pass: with epoll that takes as long for many as for one.
        self._selector = selectors.DefaultSelector()

    def __len__(self) -> int:
        return len(self._waiting)

    def call(self, channel: Waiting) -> bool:
        """Have ``take_back_ready`` look after a connection; tell whether the loop must be woken."""
        self._called.append(channel)
        return len(self._called) == 1

    def add(self, channel: Waiting) -> None:
        """Have the loop not visit a connection until its request is due, or its client writes.

        Does nothing if its request does not wait, or no longer.
        """
        number = channel._fileno
        if self._sockets.get(number) is channel and not _is_due(channel):
            del self._sockets[number]
            self._waiting[number] = channel
            # A client that hangs up makes its connection readable.
            self._selector.register(number, selectors.EVENT_READ, channel)

    def take_back(self, channel: Waiting) -> None:
        """Have the loop visit a connection again."""
        number = channel._fileno
        if self._waiting.get(number) is channel:
            self._selector.unregister(number)
            del self._waiting[number]
            self._sockets[number] = channel

    def take_back_ready(self) -> None:
        """Have the loop visit those that are due, and those whose clients have hung up.

        Those that were called may have something to send.
        """
        while self._called:
            called = self._called.popleft()
            self.take_back(called)
            try:
                called.park()
            except Exception:
                # As for all that the loop calls: it is logged, and the connection is closed.
                called.handle_error()
        for key, _events in self._selector.select(0):
            self.take_back(key.data)
        now = time.monotonic()
        if now - self._looked_at >= DUE_SECONDS:
            self._looked_at = now
            for channel in [one for one in self._waiting.values() if _is_due(one)]:
                self.take_back(channel)

    def take_back_all(self) -> None:
        """Have the loop visit all: it closes them."""
        for channel in list(self._waiting.values()):
            self.take_back(channel)

    def close(self) -> None:
        """Free what the system has reserved."""
        self._selector.close()


def _is_due(channel: Waiting) -> bool:
    return channel.ticket is None or channel.ticket.is_due
