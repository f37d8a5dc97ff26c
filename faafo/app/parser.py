# SPDX-License-Identifier: Apache-2.0
"""Reads one HTTP request: waitress' parser, changed to drop bodies that are not wanted."""

import time
from typing import Any

from waitress.parser import HTTPRequestParser

from faafo.app.lanes import Route


class Parser(HTTPRequestParser):
    """Reads one request, and no body that the application would refuse.

    A refused request reaches the application with an empty body and its Content-Length: the
    application answers 404, 405 or 413 itself. Then the connection is closed.
    """

    task: Any = None
    route = Route()

    def __init__(self, adj: Any, channel: Any) -> None:
        super().__init__(adj)
        self._channel = channel
        self.started_at = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        self.route = self._channel.server.route(self.command, self.path)
        if self.body_rcv is None:
            # Without a body there is nothing to continue with.
            self.expect_continue = False
        elif not self.route.largest_body or self.content_length > self.route.largest_body:
            self._refuse()

    def received(self, data: bytes) -> int:
        count: int = super().received(data)
        if self.chunked and self.body_rcv and len(self.body_rcv) > self.route.largest_body:
            self.headers["CONTENT_LENGTH"] = str(len(self.body_rcv))
            self.close()
            self._refuse()
            self.error = None
            self.completed = True
        if self.completed and not self.empty:
            # A pipelined request is parsed when this one has been answered.
            self._channel.unparsed = b"" if self._channel.refused else data[count:]
            return len(data)
        return count

    def _refuse(self) -> None:
        self.body_rcv = None
        self.content_length = 0
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"
        self._channel.refused = True
