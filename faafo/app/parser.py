# SPDX-License-Identifier: Apache-2.0
"""Reads one HTTP request: waitress' parser, changed to drop bodies that are not wanted."""

import time
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from faafo.app.bodies import Budget
from faafo.app.lanes import Route
from faafo.auth.identity import Sender

# Bytes; the application is asked about a larger upload before the body is read.
SMALL_BODY = 2**16
# Bytes; heads that are larger share a budget while they arrive.
SMALL_HEAD = 2**14
# Bytes; of the line before a chunk, and of the trailer.
LARGEST_FRAME = 2**13
# A body in chunks takes this factor times its size on the wire, and as many bytes beside it:
# chunks of one byte take six.
WIRE_FACTOR = 8
WIRE_SPARE = 2**16
RETRY_AFTER_SECONDS = 2


class Busy(Error):
    """The answer to a large head when too many others are arriving."""

    code = 503
    reason = "Service Unavailable"

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", str(RETRY_AFTER_SECONDS))], body


class Parser(HTTPRequestParser):
    """Reads one request, and no body that the application would refuse.

    A refused request reaches the application with an empty body and its Content-Length: the
    application answers 404, 405, 413 or 503 itself. Then the connection is closed.
    """

    task: Any = None
    error: Any = None
    body_rcv: Any = None
    route = Route()
    # Who sends the request, once that is known.
    sender: Sender | None = None
    # There are too many other uploads.
    no_room = False
    # The body was not read, or only in part.
    dropped = False
    # Whether to read the body is not known yet.
    undecided = False
    _expects = False
    _large_head = 0
    _held = 0

    def __init__(self, adj: Any, channel: Any) -> None:
        super().__init__(adj)
        self._channel = channel
        self.started_at = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # Of urlsplit, or of int for thousands of digits; waitress expects its own only.
            raise ParsingError(f"the request line or Content-Length: {error}") from error
        self.route = self._channel.server.route(self.command, self.path)
        if self.body_rcv is None:
            # Without a body there is nothing to continue with.
            self.expect_continue = False
        elif not self.route.largest_body or self.content_length > self.route.largest_body:
            self.refuse()
        elif self.route.is_upload and (self.chunked or self.content_length > SMALL_BODY):
            # Whoever is refused without its body takes no room for it.
            self.undecided = True
            self._expects, self.expect_continue = self.expect_continue, False

    def received(self, data: bytes) -> int:
        if not self._has_room_for_head(data):
            self.parse_header(b"GET / HTTP/1.0\r\n")
            self.error = Busy("too many requests with large heads; try again later")
            self.completed = self.headers_finished = True
            return len(data)
        count: int = super().received(data)
        if self.headers_finished:
            self._head_is_over()
        if self.undecided:
            self._channel.unparsed = data[count:]
            return len(data)
        if self.chunked and self.body_rcv and len(self.body_rcv) > self.route.largest_body:
            self.headers["CONTENT_LENGTH"] = str(len(self.body_rcv))
            self._cut_body(None)
        self._bound_frames()
        if self.completed and not self.empty:
            # A pipelined request is parsed when this one has been answered.
            self._channel.unparsed = b"" if self._channel.refused else data[count:]
            return len(data)
        return count

    def admit(self) -> bool:
        """Read the body, or answer False: there is no room for it."""
        size = self.route.largest_body if self.chunked else self.content_length
        if not self._uploads.take(size):
            self.no_room = True
            return False
        self._held = size
        self.undecided = False
        self.expect_continue = self._expects
        return True

    def refuse(self) -> None:
        """Read no body, and close the connection after the answer."""
        self.undecided = False
        self.dropped = True
        self.body_rcv = None
        self.content_length = 0
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"
        self._channel.refused = True
        self._give_room()

    def close(self) -> None:
        super().close()
        self._head_is_over()
        self._give_room()

    def _bound_frames(self) -> None:
        """Refuse a chunked body with too many bytes that are none of its content.

        waitress keeps an unfinished line or trailer in memory, and has no bound for either.
        """
        chunks = self.body_rcv if self.chunked else None
        if chunks is None or self.error:
            return
        wire = WIRE_FACTOR * self.route.largest_body + WIRE_SPARE
        error: Error | None = None
        if len(chunks.control_line) + len(chunks.trailer) > LARGEST_FRAME:
            error = BadRequest(
                f"the body: the size of a chunk, or the trailer, exceeds {LARGEST_FRAME} bytes"
            )
        elif self.body_bytes_received > wire:
            error = RequestEntityTooLarge(f"the body: its chunks exceed {wire} bytes")
        if error is not None:
            self._cut_body(error)

    def _cut_body(self, error: Error | None) -> None:
        """End the request within its body; without an ``error`` the application answers it."""
        self.close()
        self.refuse()
        self.error = error
        self.completed = True

    def _has_room_for_head(self, data: bytes) -> bool:
        """Take room for a large head; tell whether there is any."""
        known = self.headers_finished or self._large_head
        if known or self.header_bytes_received + len(data) <= SMALL_HEAD:
            return True
        largest: int = self.adj.max_request_header_size
        if not self._channel.server.heads.take(largest):
            return False
        self._large_head = largest
        return True

    def _head_is_over(self) -> None:
        held, self._large_head = self._large_head, 0
        if held:
            self._channel.server.heads.give_back(held)

    def _give_room(self) -> None:
        held, self._held = self._held, 0
        if held:
            self._uploads.give_back(held)

    @property
    def _uploads(self) -> Budget:
        budget: Budget = self._channel.server.uploads
        return budget
