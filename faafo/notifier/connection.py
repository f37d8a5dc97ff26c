# SPDX-License-Identifier: Apache-2.0
"""A connection to an address that was checked, with one deadline for all that happens on it."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any

from faafo.egress import Address, Receiver

# Bytes of the status line and of the headers of an answer. The parser of headers takes a time that
# grows with the square of the length of one: 4 s with 60 000 bytes, 0.3 s with 16 384.
LARGEST_HEAD = 2**14


class HeadTooLarge(Exception):
    """Raised when the head of an answer is larger than LARGEST_HEAD."""


class Deadline:
    """The moment at which a delivery has failed."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        :raises TimeoutError: when there are none.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connect(addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    """Return a connection to the first of the addresses that takes one.

    :raises OSError: when none does before the deadline.
    """
    problem: OSError = TimeoutError()
    for number, address in enumerate(addresses):
        try:
            # One that does not answer leaves time for the others.
            return _connected(address, deadline.left() / (len(addresses) - number))
        except OSError as error:
            problem = error
    raise problem


def _connected(address: Address, seconds: float) -> socket.socket:
    # A system without IPv6 has no socket of that family.
    connection = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address.sockaddr)
    except OSError:
        connection.close()
        raise
    return connection


def secured(
    connection: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """Return the connection with TLS; the certificate must be that of ``host``.

    :raises OSError: when it is not, or the deadline has passed.
    """
    connection.settimeout(deadline.left())
    return context.wrap_socket(connection, server_hostname=host)


def post(
    connection: socket.socket,
    receiver: Receiver,
    headers: Mapping[str, str],
    body: bytes,
    deadline: Deadline,
) -> http.client.HTTPResponse:
    """Send a request, and return the status and the headers of its answer; not the body.

    :raises OSError: when the connection breaks, or the deadline has passed.
    :raises http.client.HTTPException: when the answer is not HTTP.
    :raises HeadTooLarge: when its headers have no end.
    """
    client = http.client.HTTPConnection(receiver.host, receiver.port)
    client.sock = _Channel(connection, deadline)
    client.request("POST", receiver.target, body, dict(headers))
    return client.getresponse()


class _Channel:
    """What http.client needs of a socket, within a deadline.

    The timeout of a socket is for one call only, and a receiver may send a byte a second.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.left())
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Head(self._connection, self._deadline))

    def close(self) -> None:
        """Leave the connection to who has opened it."""


class _Head(io.RawIOBase):
    """The first LARGEST_HEAD bytes of an answer."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = LARGEST_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            raise HeadTooLarge
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
