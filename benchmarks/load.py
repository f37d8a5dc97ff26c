# SPDX-License-Identifier: Apache-2.0
"""A cheap client: prepared requests over persistent connections, in a process of its own.

Reads ``{"port", "threads", "headers", "requests": [[method, path, body or null], ...]}`` as JSON
and prints
``{"started_at", "ended_at", "statuses": {...}}``; times are seconds of the monotonic clock, which
all processes of a machine share.
"""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

ADDRESS = "127.0.0.1"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
TIMEOUT = 60.0
THREADS = 4

Request = tuple[str, str, Any]


@dataclass(frozen=True)
class Sent:
    """The times of the first request and the last answer, and the number of answers by status."""

    started_at: float
    ended_at: float
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return sum(self.statuses.values()) / (self.ended_at - self.started_at)


def send(
    url: str,
    requests: Sequence[Request],
    expected: int,
    threads: int = THREADS,
    headers: Mapping[str, str] | None = None,
) -> Sent:
    """Send ``requests`` to ``url`` from a process of its own; its threads share them evenly.

    :param headers: of all requests.
    :raises RuntimeError: when an answer has another status than ``expected``.
    """
    order = {
        "port": urlsplit(url).port,
        "threads": threads,
        "headers": dict(headers or {}),
        "requests": list(requests),
    }
    ended = subprocess.run(
        [sys.executable, "-I", __file__], input=json.dumps(order), capture_output=True, text=True
    )
    if ended.returncode:
        raise RuntimeError(f"the client failed: {ended.stderr}")
    sent = Sent(**json.loads(ended.stdout))
    if set(sent.statuses) != {str(expected)}:
        raise RuntimeError(f"{url} answered {sent.statuses}, not {expected}")
    return sent


def prepared(method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", f"Host: {ADDRESS}"]
    head += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if content:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(head).encode() + END_OF_HEAD + content


class Connection:
    """A persistent connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((ADDRESS, port), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return the status and the body of the answer."""
        self.send(request)
        answer = b""
        while (end := answer.find(END_OF_HEAD)) < 0:
            answer += self._receive()
        begin = end + len(END_OF_HEAD)
        length = begin + int(LENGTH.search(answer, 0, end)[1])
        while len(answer) < length:
            answer += self._receive()
        return int(answer[9:12]), answer[begin:]

    def send(self, request: bytes) -> None:
        """Send a request whose answer is not read."""
        self._socket.sendall(request)

    def read_until(self, text: bytes) -> None:
        """Read the answer until a text has come."""
        answer = b""
        while text not in answer:
            answer += self._receive()

    def _receive(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the server hung up")
        return received

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _work(port: int, requests: Sequence[bytes], go: threading.Barrier, seen: Counter) -> None:
    connection = Connection(port)
    statuses: Counter[int] = Counter()
    go.wait()
    try:
        for request in requests:
            statuses[connection.ask(request)[0]] += 1
    except OSError as error:
        statuses[str(error)] += 1
    connection.close()
    seen.update(statuses)


def main() -> int:
    """Send the requests that the standard input describes."""
    order = json.load(sys.stdin)
    requests = [prepared(*request, order["headers"]) for request in order["requests"]]
    number, seen = min(order["threads"], len(requests)), Counter()
    go = threading.Barrier(number + 1)
    threads = [
        threading.Thread(target=_work, args=(order["port"], requests[start::number], go, seen))
        for start in range(number)
    ]
    for thread in threads:
        thread.start()
    go.wait()
    started_at = time.monotonic()
    for thread in threads:
        thread.join()
    print(json.dumps({"started_at": started_at, "ended_at": time.monotonic(), "statuses": seen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
