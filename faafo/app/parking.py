# SPDX-License-Identifier: Apache-2.0
"""A connection whose response pauses, waits or is streamed, and holds no thread meanwhile."""

import socket
import time

from waitress.channel import HTTPChannel

from faafo.app.pausing import Paused
from faafo.core.parked import Parked, Parking

# A response with more unsent bytes releases its thread until the client has read.
HIGH_WATERMARK_BYTES = 2**17
# Seconds until a response is resumed that found no place in a bulkhead.
BUSY_SECONDS = 0.2
# Seconds after which the connection of a stream is closed whose client acknowledges nothing.
LOST_SECONDS = 30


class ParkingChannel(HTTPChannel):
    """Takes up a response again when its client has read, or when what it waits for has come.

    The loop writes what a stream has to send: that takes no thread. It visits the connection only
    while the socket takes no more.
    """

    paused = False
    # What the request waits for, or the stream that its response is.
    ticket: Parking | None = None
    _resume_after = 0.0

    def is_full(self) -> bool:
        """Whether the unsent bytes have reached the high watermark."""
        return self.connected and self.total_outbufs_len >= HIGH_WATERMARK_BYTES

    # In a thread of the pool

    def wake(self) -> None:
        """Have the loop look whether the ticket is due, and send what there is."""
        # Not by a function that the trigger calls: it may not pull the trigger again.
        if self.server.waiting.call(self):
            self.server.pull_trigger()

    def put_off(self) -> None:
        """Resume the response later, not as soon as it is paused."""
        self._resume_after = time.monotonic() + BUSY_SECONDS

    def service(self) -> None:
        request = self.requests[0]
        try:
            super().service()
        except (Paused, Parked) as paused:
            self.ticket = paused.ticket if isinstance(paused, Parked) else None
            # Comes last: the loop may resume at once.
            self.paused = True
            self.wake()
        else:
            if request.task is not None:
                request.task.close()
                request.task = None

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Never wait for the client: ``PausableBody`` bounds what is unsent."""

    # In the thread of the loop

    def park(self) -> None:
        """Send what there is to send; leave the loop until there is more, or the ticket is due."""
        if not self.paused or self.ticket is None:
            return
        if self.ticket.is_abandoned or not self.connected:
            # It may have been closed before it was parked.
            self.handle_close()
            return
        self._send(self.ticket)
        if not self.total_outbufs_len:
            self.server.waiting.add(self)

    def _send(self, ticket: Parking) -> None:
        """Send as much as the socket takes of what is unsent, and of what the stream has."""
        while self.connected:
            if self.total_outbufs_len:
                self._flush_exception(self._flush_some)
            if self.will_close:
                self.handle_close()
            if not self.connected or self.total_outbufs_len or not (piece := ticket.take()):
                return
            self.requests[0].task.write(piece)

    def writable(self) -> bool:
        return bool(super().writable() or self._can_resume())

    def handle_write(self) -> None:
        self.park()
        super().handle_write()
        if self._can_resume() and self.total_outbufs_len <= self.adj.send_bytes:
            self._resume()

    def handle_close(self) -> None:
        super().handle_close()
        if self.paused and self.ticket is not None:
            self.ticket.call(finally_=True)
            self.paused, self.ticket = False, None
            # That takes no time, and many clients may go at the same time.
            self.service()
        elif self.paused:
            # The application closes its response in a thread of its own.
            self._resume()

    def _can_resume(self) -> bool:
        if self.ticket is not None:
            return self.paused and self.ticket.is_due
        return self.paused and time.monotonic() >= self._resume_after

    def _resume(self) -> None:
        self.paused, self.ticket = False, None
        self.server.add_task(self)

    def in_service(self) -> bool:
        """Whether a thread works on a request, or will as soon as one is free."""
        return bool(self.requests) and not self.paused

    def is_unsent(self) -> bool:
        """Whether a part of a response waits for the client to read."""
        return bool(self.paused or self.total_outbufs_len)

    def give_up_when_lost(self) -> None:
        """Have the system close the connection if its client acknowledges nothing any more."""
        milliseconds = 1000 * LOST_SECONDS
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def is_stalled(self, seconds: float, now: float) -> bool:
        """Whether unsent bytes have waited for the client for that long.

        :param now: seconds since the epoch.
        """
        return bool(self.total_outbufs_len) and now - self.last_activity > seconds
