# SPDX-License-Identifier: Apache-2.0
"""One client connection: waitress' channel, changed so that a slow client holds no thread."""

import socket
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from faafo.app.admission import Admission
from faafo.app.bodies import NO_ROOM
from faafo.app.lanes import Lane
from faafo.app.parking import ParkingChannel
from faafo.app.parser import Busy, Parser
from faafo.app.pausing import BODY, CHANNEL
from faafo.app.request_log import Refusal
from faafo.auth.identity import SENDER
from faafo.core.preflight import DROPPED

# Seconds for a complete request head, and between two pieces of a body or of a response.
STALLED_SECONDS = 30
IDLE_SECONDS = 120
# Seconds that a refused body is read and dropped: the client gets the answer and no reset.
LINGER_SECONDS = 5


class Task(WSGITask):
    """Tells the application its channel."""

    def get_environment(self) -> dict[str, Any]:
        environ = super().get_environment()
        environ[CHANNEL] = self.channel
        environ[NO_ROOM] = self.request.no_room
        environ[DROPPED] = self.request.dropped
        environ[SENDER] = self.request.sender
        return environ

    def close(self) -> None:
        """Close a response that was paused and will not be resumed."""
        if self.environ and BODY in self.environ:
            self.environ[BODY].close()


class Channel(ParkingChannel):
    """A connection that parses one request at a time and never blocks a thread.

    Before the body of an upload is read, the application is asked about it.
    """

    error_task_class = Refusal
    request: Any = None
    refused = False
    lingering_since: float | None = None
    unparsed = b""
    _asking = False
    _admitted: bool | None = None

    def parser_class(self, adj: Any) -> Parser:
        return Parser(adj, self)

    def task_class(self, channel: HTTPChannel, request: Parser) -> Task:
        request.task = request.task or Task(channel, request)
        return request.task

    @property
    def lane(self) -> Lane:
        """The lane of the request to answer."""
        return self.requests[0].route.lane

    @property
    def parser(self) -> Parser:
        """The request to answer."""
        parser: Parser = self.requests[0]
        return parser

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment of the request to answer, without its body."""
        return self._environ_of(self.parser)

    def _environ_of(self, request: Parser) -> dict[str, Any]:
        return Task(self, request).get_environment()

    def turn_away(self) -> bool:
        """Have the request answered with 503; False when its response has begun."""
        request = self.requests[0]
        if request.task is not None:
            return False
        request.error = request.error or Busy("too many requests are waiting; try again later")
        return True

    # In a thread of the pool

    def decide(self, admitted: bool) -> None:
        """Read the body of the upload, or have it answered without."""
        self._admitted = admitted
        self.server.pull_trigger()

    # In the thread of the loop

    def received(self, data: bytes) -> bool:
        result = bool(super().received(data))
        if self.request is not None and self.request.undecided and not self._asking:
            self._asking = True
            request = self.request
            self.server.add_task(Admission(self, request, lambda: self._environ_of(request)))
        return result

    def readable(self) -> bool:
        if self._asking:
            return False
        if self.ticket is not None:
            # A client that goes away is noticed; the next request of one that does not can wait.
            return not self.unparsed
        return self.lingering_since is not None or bool(super().readable() and not self.unparsed)

    def writable(self) -> bool:
        return self.lingering_since is None and bool(
            super().writable() or self._can_parse() or self._admitted is not None
        )

    def handle_read(self) -> None:
        if self.ticket is not None:
            self._read_ahead()
        elif self.lingering_since is None:
            super().handle_read()
        else:
            self.recv(self.adj.recv_bytes)

    def _read_ahead(self) -> None:
        try:
            data = self.recv(self.adj.recv_bytes)
        except OSError:
            # The client is lost: the system has given up sending to it.
            self.handle_close()
            return
        if data and not self.parser.task.wrote_header:
            self.unparsed += data
        # What follows a stream is never answered, since the connection ends with it.
        self.park()

    def handle_write(self) -> None:
        if self.refused and self.close_when_flushed:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and self.connected and not self.will_close:
                self._linger()
                return
        super().handle_write()
        if self._admitted is not None and self.connected:
            self._go_on()
        elif self._can_parse():
            data, self.unparsed = self.unparsed, b""
            self.received(data)

    def handle_close(self) -> None:
        super().handle_close()
        if self.request is not None:
            self.request.close()

    def _go_on(self) -> None:
        """Go on with the upload that was decided about."""
        admitted, self._admitted, self._asking = self._admitted, None, False
        data, self.unparsed = self.unparsed, b""
        with self.requests_lock:
            admitted = bool(admitted and self.request.admit())
            if admitted:
                if self.request.expect_continue:
                    self.send_continue()
            else:
                self.request.refuse()
                self.request.completed = True
                self.requests.append(self.request)
                self.request = None
                self.server.add_task(self)
        if admitted and data:
            self.received(data)

    def _can_parse(self) -> bool:
        return bool(self.unparsed and self.connected) and not (
            self._asking
            or self.requests
            or self.total_outbufs_len
            or self.close_when_flushed
            or self.will_close
        )

    def _linger(self) -> None:
        self.close_when_flushed = False
        self.lingering_since = time.time()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    def has_expired(self, now: float) -> bool:
        """Whether the client has exceeded the time for its request, for reading, or for being idle.

        :param now: seconds since the epoch.
        """
        if self.in_service():
            return False
        if self.ticket is not None:
            return self.is_stalled(STALLED_SECONDS, now)
        if self.lingering_since is not None:
            return now - self.lingering_since > LINGER_SECONDS
        request = self.request
        if request is not None and not request.headers_finished:
            return now - request.started_at > STALLED_SECONDS
        busy = request is not None or self.is_unsent()
        return now - self.last_activity > (STALLED_SECONDS if busy else IDLE_SECONDS)
