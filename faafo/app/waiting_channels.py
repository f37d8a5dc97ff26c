# SPDX-License-Identifier: Apache-2.0
"""The connections whose requests wait, which the loop of the HTTP server need not visit."""

import select
from collections import deque
from typing import Any, Protocol

from faafo.core.parked import Parking


class Waiting(Protocol):
    """A connection: its file descriptor, and what its request waits for."""

    _fileno: Any
    ticket: Parking | None

    def park(self) -> None:
        """Send what there is to send, and wait on."""
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
        self._poll = select.poll()

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
            self._poll.register(number, select.POLLIN)

    def take_back(self, channel: Waiting) -> None:
        """Have the loop visit a connection again."""
        number = channel._fileno
        if self._waiting.get(number) is channel:
            self._poll.unregister(number)
            del self._waiting[number]
            self._sockets[number] = channel

    def take_back_ready(self) -> None:
        """Have the loop visit those that are due, and those whose clients have hung up.

        Those that were called may have something to send.
        """
        while self._called:
            called = self._called.popleft()
            self.take_back(called)
            called.park()
        for number, _events in self._poll.poll(0):
            self.take_back(self._waiting[number])
        for channel in [one for one in self._waiting.values() if _is_due(one)]:
            self.take_back(channel)


def _is_due(channel: Waiting) -> bool:
    return channel.ticket is None or channel.ticket.is_due
