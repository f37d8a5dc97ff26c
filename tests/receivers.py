# SPDX-License-Identifier: Apache-2.0
"""Receivers of webhooks: real servers on this machine, well-behaved and not."""

import http.server
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook

# Answers a request by its number from 0: the status, and headers beside it; None: closes the
# connection without an answer.
Answer = Callable[[int], "tuple[int, dict[str, str]] | None"]


@dataclass(frozen=True)
class Request:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The header webhook-id."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return the payload; the signature is checked by a library that is not ours."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """An HTTP server that keeps what is posted to it, and gives ``answer``.

    Unless ``gate`` is set it answers nothing.
    """

    def __init__(
        self, answer: Answer = lambda _number: (204, {}), context: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.answer = answer
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                number = receiver._keep(Request(self.path, headers, body))
                receiver.gate.wait()
                answered = receiver.answer(number)
                self.close_connection = True
                if answered is None:
                    return
                self.send_response(answered[0])
                for name, value in answered[1].items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 100

            def handle_error(self, *_arguments: Any) -> None:
                """Be silent when a client has gone."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            # Each connection has its handshake in its own thread, when it is read.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.port: int = self._server.server_port
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ids(self) -> list[str]:
        """Return the header webhook-id of each request."""
        with self._lock:
            return [one.id for one in self.requests]

    def _keep(self, request: Request) -> int:
        with self._lock:
            self.requests.append(request)
            return len(self.requests) - 1


@contextmanager
def hanging() -> Iterator[str]:
    """The URL of a receiver that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


@contextmanager
def dead() -> Iterator[str]:
    """The URL of a port that is taken, and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/hook"


@contextmanager
def talking(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The URL of a receiver that reads one request, and then does ``talk`` with its connection.

    To close a connection with unread bytes resets it, and may discard what was sent to the peer.

    The event is set once the test is over.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _address = server.accept()
                with connection:
                    _read_request(connection)
                    talk(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _read_request(connection: socket.socket) -> None:
    """Read the head of a request, and the body that it announces."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _received(connection)
    head, _separator, body = received.partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    assert announced is not None
    while len(body) < int(announced[1]):
        body += _received(connection)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError
    return data
