# SPDX-License-Identifier: Apache-2.0
"""One client connection: waitress' channel, changed so that a slow client holds no thread."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from faafo import errors
from faafo.app.lanes import Lane
from faafo.app.parser import Parser

# A response with more unsent bytes releases its thread until the client has read.
HIGH_WATERMARK_BYTES = 2**17
# Seconds for a complete request head, and between two pieces of a body or of a response.
STALLED_SECONDS = 30
IDLE_SECONDS = 120
# Seconds that a refused body is read and dropped: the client gets the answer and no reset.
LINGER_SECONDS = 5
# Seconds until a response is resumed that found no place in a bulkhead.
BUSY_SECONDS = 0.2
BODY = "faafo.response_body"
CHANNEL = "faafo.channel"


class Paused(BaseException):
    """Ends the work of a thread on a response whose client does not read; waitress passes it on."""


class PausableBody:
    """The iterator of a response, which raises ``Paused`` while too much is unsent.

    It does so, too, while the bulkhead of the image store has no place for the next part. After
    ``Paused`` another thread can continue the iteration.

    :param put_off: called when the response shall not be resumed at once.
    """

    def __init__(
        self, body: Iterable[bytes], is_full: Callable[[], bool], put_off: Callable[[], None]
    ) -> None:
        self._body = body
        self._iterator: Iterator[bytes] = iter(body)
        self._is_full = is_full
        self._put_off = put_off
        self._paused = False
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._is_full():
            self._paused = True
            raise Paused
        try:
            return next(self._iterator)
        except errors.Overloaded:
            self._paused = True
            self._put_off()
            raise Paused from None

    def close(self) -> None:
        """Close the response; ignored once after ``Paused``, when waitress leaves its loop."""
        if self._paused:
            self._paused = False
        elif not self._closed:
            self._closed = True
            if hasattr(self._body, "close"):
                self._body.close()


def pausable(app: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a WSGI application so that its responses can be paused and resumed."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        if BODY in environ:
            return environ[BODY]
        body = app(environ, start_response)
        # A file is read by waitress as the client reads; a list is in memory anyway.
        if isinstance(body, ReadOnlyFileBasedBuffer | list | tuple):
            return body
        channel = environ[CHANNEL]
        environ[BODY] = PausableBody(body, channel.is_full, channel.put_off)
        return environ[BODY]

    return call


class Task(WSGITask):
    """Tells the application its channel."""

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ[CHANNEL] = self.channel
        return environ

    def close(self) -> None:
        """Close a response that was paused and will not be resumed."""
        if self.environ and BODY in self.environ:
            self.environ[BODY].close()


class Channel(HTTPChannel):
    """A connection that parses one request at a time and never blocks a thread."""

    paused = False
    refused = False
    lingering_since: float | None = None
    unparsed = b""
    _resume_after = 0.0

    def parser_class(self, adj: Any) -> Parser:
        return Parser(adj, self)

    def task_class(self, channel: HTTPChannel, request: Parser) -> Task:
        request.task = request.task or Task(channel, request)
        return request.task

    @property
    def lane(self) -> Lane:
        """The lane of the request to answer."""
        return self.requests[0].route.lane

    def is_full(self) -> bool:
        """Whether the unsent bytes have reached the high watermark."""
        return self.connected and self.total_outbufs_len >= HIGH_WATERMARK_BYTES

    # In a thread of the pool

    def put_off(self) -> None:
        """Resume the response later, not as soon as it is paused."""
        self._resume_after = time.monotonic() + BUSY_SECONDS

    def service(self) -> None:
        request = self.requests[0]
        try:
            super().service()
        except Paused:
            # Comes last: the loop may resume at once.
            self.paused = True
            self.server.pull_trigger()
        else:
            if request.task is not None:
                request.task.close()
                request.task = None

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Never wait for the client: ``PausableBody`` bounds what is unsent."""

    # In the thread of the loop

    def readable(self) -> bool:
        return self.lingering_since is not None or bool(super().readable() and not self.unparsed)

    def writable(self) -> bool:
        return self.lingering_since is None and bool(
            super().writable() or self._can_resume() or self._can_parse()
        )

    def handle_read(self) -> None:
        if self.lingering_since is None:
            super().handle_read()
        else:
            self.recv(self.adj.recv_bytes)

    def handle_write(self) -> None:
        if self.refused and self.close_when_flushed:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and self.connected and not self.will_close:
                self._linger()
                return
        super().handle_write()
        if self._can_resume() and self.total_outbufs_len <= self.adj.send_bytes:
            self._resume()
        if self._can_parse():
            data, self.unparsed = self.unparsed, b""
            self.received(data)

    def handle_close(self) -> None:
        super().handle_close()
        if self.paused:
            # The application closes its response in a thread of its own.
            self._resume()

    def _can_resume(self) -> bool:
        return self.paused and time.monotonic() >= self._resume_after

    def _resume(self) -> None:
        self.paused = False
        self.server.add_task(self)

    def _can_parse(self) -> bool:
        return bool(self.unparsed and self.connected) and not (
            self.requests or self.total_outbufs_len or self.close_when_flushed or self.will_close
        )

    def _linger(self) -> None:
        self.close_when_flushed = False
        self.lingering_since = time.time()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    def in_service(self) -> bool:
        """Whether a thread works on a request, or will as soon as one is free."""
        return bool(self.requests) and not self.paused

    def is_unsent(self) -> bool:
        """Whether a part of a response waits for the client to read."""
        return bool(self.paused or self.total_outbufs_len)

    def has_expired(self, now: float) -> bool:
        """Whether the client has exceeded the time for its request, for reading, or for being idle.

        :param now: seconds since the epoch.
        """
        if self.in_service():
            return False
        if self.lingering_since is not None:
            return now - self.lingering_since > LINGER_SECONDS
        request = self.request
        if request is not None and not request.headers_finished:
            return now - request.started_at > STALLED_SECONDS
        busy = request is not None or self.is_unsent()
        return now - self.last_activity > (STALLED_SECONDS if busy else IDLE_SECONDS)
