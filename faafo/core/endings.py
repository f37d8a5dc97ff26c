# SPDX-License-Identifier: Apache-2.0
"""Endings: requests that wait until a fractal is complete or in error, and occupy no thread.

A view that finds its fractal unfinished raises ``Parked``. Our HTTP server then keeps the request
and repeats it once its ticket is due: when the end is announced, or when its time is over. The end
may be recorded by another process, so the tickets are looked up in the database as well.
"""

import threading
import time
from collections.abc import Callable, Iterable

# Seconds between two looks at the database: other processes record results, and leases expire.
LOOK_SECONDS = 0.5


class Ticket:
    """A request that waits for the end of the fractal ``uuid``.

    :param seconds: how long it waits at most.
    :param wake: has the server look whether the ticket is due.
    """

    is_abandoned = False

    def __init__(self, uuid: str, seconds: float, wake: Callable[[], None]) -> None:
        self.uuid = uuid
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._wake = wake
        self._is_called = False

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self._deadline

    @property
    def is_due(self) -> bool:
        """Whether the request is to be repeated."""
        return self._is_called or self.is_over

    def call(self, finally_: bool = False) -> None:
        """Have the request repeated; for the last time if ``finally_``."""
        if finally_:
            self._deadline = 0.0
        self._is_called = True
        self._wake()

    def renew(self) -> None:
        """Wait for another call: the request is being repeated."""
        self._is_called = False

    def take(self) -> bytes:
        """Return nothing: the response has not begun."""
        return b""


class Endings:
    """The tickets of the requests that wait in this process; thread-safe.

    Until ``open`` is called no request waits, and none does after ``close``.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tickets: dict[str, set[Ticket]] = {}
        self._most = 0
        self._others: Callable[[], int] = int
        self._is_open = False

    def open(self, most: int, others: Callable[[], int] = int) -> None:
        """Let up to ``most`` requests wait at the same time from now on, with ``others``."""
        with self._changed:
            self._is_open = True
            self._most = most
            self._others = others

    def close(self) -> None:
        """Have all requests that wait be answered at once, and let none wait any more."""
        with self._changed:
            self._is_open = False
            tickets = [one for waiting in self._tickets.values() for one in waiting]
            self._tickets.clear()
            self._changed.notify_all()
        for one in tickets:
            one.call(finally_=True)

    def add(self, ticket: Ticket) -> bool:
        """Let a request wait; answer False if it may not, or too many do."""
        others = self._others()
        with self._changed:
            if not self._is_open or len(self) + others >= self._most:
                return False
            self._tickets.setdefault(ticket.uuid, set()).add(ticket)
            self._changed.notify_all()
            return True

    def __len__(self) -> int:
        with self._changed:
            return sum(len(waiting) for waiting in self._tickets.values())

    def forget(self, ticket: Ticket) -> None:
        """Let a request wait no longer: it is answered."""
        with self._changed:
            waiting = self._tickets.get(ticket.uuid, set())
            waiting.discard(ticket)
            if not waiting:
                self._tickets.pop(ticket.uuid, None)

    def announce(self, uuids: Iterable[str]) -> None:
        """Have the requests repeated that wait for fractals with these ``uuids``."""
        if not self._tickets:
            return
        with self._changed:
            called = [one for uuid in uuids for one in self._tickets.get(uuid, ())]
        for one in called:
            one.call()

    def wait(self) -> list[str] | None:
        """Return the uuids that are waited for, every LOOK_SECONDS; None once this is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._tickets or not self._is_open)
            self._changed.wait_for(lambda: not self._is_open, LOOK_SECONDS)
            over = [one for tickets in self._tickets.values() for one in tickets if one.is_over]
            uuids = list(self._tickets) if self._is_open else None
        for one in over:
            # Those of clients that are gone are forgotten by nobody else.
            self.forget(one)
            one.call()
        return uuids
