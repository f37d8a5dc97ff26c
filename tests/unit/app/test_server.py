# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of faafo-api and faafo-all."""

import select
import socket
import threading
from contextlib import ExitStack

import pytest
import requests
from flask import Flask, Response

from faafo import errors
from faafo.app import connection
from faafo.app.server import CONNECTIONS, HttpServer, most_connections
from faafo.app.sizes import most_queued


@pytest.fixture
def app():
    return Flask("test")


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_port_0_listens_on_any_free_port_and_the_url_has_it(app, address):
    server = HttpServer(app, address, 0, threads=1)
    server.start()
    try:
        assert requests.get(server.url, timeout=60).status_code == 404
    finally:
        server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=60)


def test_the_error_about_a_port_in_use_names_the_options(app):
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(
        errors.ConfigurationError, match=f"listen_address = 127.0.0.1, bind_port = {port}: "
    ):
        HttpServer(app, "127.0.0.1", port, threads=1)
    server.stop()


def test_a_request_in_flight_is_answered_before_the_server_stops(app):
    asked, answer = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        asked.set()
        answer.wait(60)
        return "done"

    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(requests.get(f"{server.url}/slow", timeout=60).text)
    )
    asking.start()
    asked.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    answer.set()
    stopping.join()
    asking.join()
    assert answers == ["done"]


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHost", b"POST /form HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_request_that_is_sent_in_half_is_closed(app, monkeypatch, sent):
    app.add_url_rule("/form", "form", lambda: "", methods=["POST"])
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.1)
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
            client.settimeout(30)
            client.sendall(sent)
            assert client.recv(1) == b""
    finally:
        server.stop()


def test_ipv6_is_served(app):
    server = HttpServer(app, "::1", 0, threads=1)
    server.start()
    try:
        assert requests.get(server.url, timeout=10).status_code == 404
    finally:
        server.stop()


def test_connections_leave_descriptors_for_everything_else():
    assert most_connections(256) == 96
    assert most_connections(10**6) == CONNECTIONS
    assert most_connections(10) == 1


class BusyBody:
    """Has no place for a read, then two times more for the next one."""

    def __init__(self) -> None:
        self._parts = [None, b"first ", None, None, b"second"]

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        if not self._parts:
            raise StopIteration
        part = self._parts.pop(0)
        if part is None:
            raise errors.Overloaded("busy")
        return part


def test_a_response_goes_on_when_there_is_a_place_for_its_next_part(app):
    app.add_url_rule("/image", "image", lambda: Response(BusyBody(), direct_passthrough=True))
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    try:
        assert requests.get(f"{server.url}/image", timeout=60).text == "first second"
    finally:
        server.stop()


def test_large_heads_share_a_budget_and_small_ones_do_not_need_it(app, monkeypatch, wait_until):
    app.add_url_rule("/", "root", lambda: "well")
    monkeypatch.setattr("faafo.app.server.LARGE_HEADS", 2)
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with ExitStack() as sockets:

        def connect(sent: bytes) -> socket.socket:
            client = sockets.enter_context(socket.create_connection(address, timeout=60))
            client.sendall(sent)
            return client

        head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + bytes(20_000).replace(b"\0", b"x")
        held = [connect(head) for _ in range(2)]
        wait_until(lambda: server._listeners[0].heads.left == 0)
        refused = connect(head).recv(4096)
        assert refused.startswith(b"HTTP/1.1 503 ") or refused.startswith(b"HTTP/1.0 503 ")
        assert b"Retry-After: " in refused
        assert requests.get(server.url, timeout=60).text == "well"
        held[0].sendall(b"\r\n\r\n")
        assert held[0].recv(4096).startswith(b"HTTP/1.1 200 ")
        again = connect(head + b"\r\n\r\n")
        assert again.recv(4096).startswith(b"HTTP/1.1 200 ")
    server.stop()


@pytest.fixture
def exchange(app):
    """Sends bytes over a connection of its own, and returns the answer until it closes."""
    app.add_url_rule("/form", "form", lambda: "", methods=["POST"])
    app.config["MAX_CONTENT_LENGTH"] = 2**16
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))

    def send(*parts: bytes) -> bytes:
        with socket.create_connection(address, timeout=60) as client:
            answer = b""
            for part in parts:
                client.sendall(part)
            while received := client.recv(4096):
                answer += received
            return answer

    yield send
    server.stop()


CHUNKED = b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"1" * 20_000),
        (400, b"1;" + b"x" * 20_000),
        (400, b"0\r\n" + b"X-Trailer: x\r\n" * 2000),
        (413, b"\r\n" * 320_000),
        (413, (b"1;ext=" + b"x" * 4000 + b"\r\nx\r\n") * 200),
    ],
)
def test_what_surrounds_the_chunks_of_a_body_is_bounded(exchange, status, body):

    answer = exchange(CHUNKED, body)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"the body: " in answer


def test_a_body_in_chunks_of_one_byte_is_read(exchange):
    answer = exchange(
        CHUNKED.replace(b"Host", b"Connection: close\r\nHost"), b"1\r\nx\r\n" * 50_000, b"0\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://[/ HTTP/1.1\r\nHost: x",
        b"GET http://[::1 HTTP/1.1\r\nHost: x",
        b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000,
    ],
)
def test_a_head_that_cannot_be_parsed_is_400(exchange, head):
    answer = exchange(head + b"\r\n\r\n")
    assert answer.split(b" ")[1] == b"400"
    assert b"the request line or Content-Length: " in answer


def test_what_no_queue_has_room_for_is_503_and_delays_no_other_lane(app, monkeypatch, wait_until):
    monkeypatch.setattr("faafo.app.sizes.QUEUED_A_THREAD", 2)
    go, healthy = threading.Event(), []

    @app.get("/slow")
    def slow():
        assert go.wait(60)
        return "done"

    app.add_url_rule("/healthcheck", "health.get_health", lambda: "well")
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    request = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with ExitStack() as sockets:
        clients = [
            sockets.enter_context(socket.create_connection(address, timeout=60)) for _ in range(20)
        ]
        for client in clients:
            client.sendall(request)
        refused = []
        wait_until(lambda: refused.extend(select.select(clients, [], [], 0)[0]) or refused)
        answer = refused[0].recv(4096)
        assert answer.split(b" ")[1] == b"503"
        assert b"Retry-After: " in answer
        healthy.append(requests.get(f"{server.url}/healthcheck", timeout=60).text)
        wait_until(lambda: len(select.select(clients, [], [], 0)[0]) >= 20 - 3)
        go.set()
        clients.remove(refused[0])
        answers = [client.recv(4096) for client in clients]
    server.stop()
    assert healthy == ["well"]
    assert sum(answer.split(b" ")[1] == b"200" for answer in answers) in (2, 3)


def test_queues_together_never_take_every_connection():
    for connections in (1, 8, 96, CONNECTIONS):
        for threads in (1, 8, 1000):
            assert 1 <= most_queued(threads, connections) <= max(1, connections // 4)
    assert most_queued(8, CONNECTIONS) == 128
