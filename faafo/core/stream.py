# SPDX-License-Identifier: Apache-2.0
"""A response that follows events: what its client is still to get."""

import threading
import time
from collections import deque
from collections.abc import Callable

from faafo.core.event_tail import Row

HEARTBEAT_SECONDS = 15.0
# Then it ends, and its client connects again: credentials that are no longer valid end with it.
LONGEST_SECONDS = 900.0
# Bytes that are handed to the HTTP server at a time.
PIECE_BYTES = 2**16
# Bytes that wait for the client: with more it is too slow. All streams have the same ones.
LARGEST_BACKLOG = 2**20


class Stream:
    """The events that a client is still to get; thread-safe.

    :param wants: whether the client is to get an event.
    :param wake: has the HTTP server take what there is, or see that it is due.
    """

    def __init__(self, wants: Callable[[Row], bool], wake: Callable[[], None]) -> None:
        self.wants = wants
        self._wake = wake
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._begun_at = self._sent_at = time.monotonic()
        self._is_called = False
        self.is_over = False
        self.is_abandoned = False

    @property
    def is_due(self) -> bool:
        """Whether a thread is to go on with the response."""
        return self._is_called or self.is_over

    def call(self, finally_: bool = False) -> None:
        """Have a thread go on with the response; end it if ``finally_``."""
        self._is_called = True
        self.is_over = self.is_over or finally_
        self._wake()

    def renew(self) -> None:
        """Wait for another call: a thread goes on."""
        self._is_called = False

    def put(self, *texts: bytes) -> None:
        """Have texts sent; a client that is too far behind is given up instead."""
        if not texts:
            return
        with self._lock:
            self._pieces += texts
            self._size += sum(map(len, texts))
            self._sent_at = time.monotonic()
            self.is_abandoned = self.is_abandoned or self._size > LARGEST_BACKLOG
        self._wake()

    def take(self) -> bytes:
        """Return the next piece of what is to be sent; empty if there is none."""
        with self._lock:
            taken, size = [], 0
            while self._pieces and size < PIECE_BYTES:
                taken.append(self._pieces.popleft())
                size += len(taken[-1])
            self._size -= size
            return b"".join(taken)

    def is_old(self, now: float) -> bool:
        """Tell whether it is to end."""
        return now - self._begun_at >= LONGEST_SECONDS

    def is_quiet(self, now: float) -> bool:
        """Tell whether nothing has been sent for HEARTBEAT_SECONDS."""
        return now - self._sent_at >= HEARTBEAT_SECONDS
