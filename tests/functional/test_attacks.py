# SPDX-License-Identifier: Apache-2.0
"""Clients that stall, flood or send too much cost other clients nothing."""

import contextlib
import functools
import os
import re
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.processes import (
    PATIENCE_SECONDS,
    Api,
    Service,
    running_api,
    wait_until,
    write_config,
)

# "At once" for a busy machine; all attacks last longer than that.
SOON_SECONDS = 10
THREADS = 8
MEGABYTE = 2**20
MOST_GROWTH = 100 * MEGABYTE
FEW_DESCRIPTORS = 256
LARGE_BODY = 65 * 10**6
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many file descriptors for this process as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Attackers:
    """Raw connections to an API."""

    def __init__(self, url: str) -> None:
        self._address = ("127.0.0.1", int(url.rpartition(":")[2]))
        self.sockets: list[socket.socket] = []

    def connect(self, sent: bytes, stalled: bool = False) -> socket.socket:
        """Open a connection and send bytes; ``stalled`` makes its receive buffer small."""
        client = socket.socket()
        self.sockets.append(client)
        if stalled:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(self._address)
        client.sendall(sent)
        return client

    def close(self) -> None:
        for client in self.sockets:
            client.close()


@contextlib.contextmanager
def attacking(url: str) -> Iterator[Attackers]:
    attackers = Attackers(url)
    try:
        yield attackers
    finally:
        attackers.close()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def memory(service: Service) -> int:
    """Return the resident bytes of a process."""
    status = Path(f"/proc/{service.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def spooled(service: Service) -> int:
    """Return the bytes of files that a process has open and that have no name."""
    total = 0
    for descriptor in Path(f"/proc/{service.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if "(deleted)" in os.readlink(descriptor):
                total += descriptor.stat().st_size
    return total


def assert_it_answers(api: Api) -> None:
    """Each of a few requests, to the health check and for a claim, is answered soon."""
    for _ in range(5):
        health = requests.get(f"{api.url}/healthcheck", timeout=SOON_SECONDS)
        assert health.status_code == 200
        body = {"claimed_by": "me", "count": 1, "lease": 60}
        claim = requests.post(f"{api.url}/api/claim", json=body, timeout=SOON_SECONDS)
        assert claim.status_code == 200


def large_static_file(api: Api) -> str:
    page = api.request("GET", "/").text
    return re.search(r'href="(/[^"?]+bootstrap[^"?]*\.css)', page)[1]


def test_readers_that_stall_hold_no_thread_and_do_not_delay_the_end(tmp_path) -> None:
    with running_api(tmp_path) as api, attacking(api.url) as attackers:
        request = get(large_static_file(api))
        before = memory(api.service)
        for _ in range(2 * THREADS):
            attackers.connect(100 * request, stalled=True)
        assert_it_answers(api)
        assert memory(api.service) - before < MOST_GROWTH
        assert spooled(api.service) < 2 * THREADS * MEGABYTE
        # Must come to an end while they still hold their connections.
        api.service.stop()


def test_readers_of_images_that_stall_hold_no_thread_and_no_room(api: Api) -> None:
    uuid = api.post_fractal(width=2000, height=2000)["uuid"]
    image = os.urandom(20 * MEGABYTE)
    api.store.save(uuid, image)
    attempt = api.claim()[0]["attempt"]
    result = {"attempt": attempt, "checksum": "0" * 64, "size": len(image), "duration": 1.0}
    done = api.request("PUT", f"/api/fractal/{uuid}", json={**result, "generated_by": "me"})
    assert done.status_code == 200, done.text
    path = f"/api/fractal/{uuid}/image"
    before = memory(api.service)
    with attacking(api.url) as attackers:
        for _ in range(2 * THREADS):
            attackers.connect(get(path), stalled=True)
        assert_it_answers(api)
        assert memory(api.service) - before < MOST_GROWTH
        assert spooled(api.service) < 2 * THREADS * MEGABYTE
        # A response that was paused goes on where it was.
        slow = attackers.sockets[0]
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MEGABYTE)
        answer = b""
        while len(answer.partition(b"\r\n\r\n")[2]) < len(image):
            assert (received := slow.recv(MEGABYTE)), "closed too early"
            answer += received
        assert answer.partition(b"\r\n\r\n")[2] == image


def test_pipelined_requests_are_all_answered_in_order(api: Api) -> None:
    with attacking(api.url) as attackers:
        client = attackers.connect(b"".join(get(f"/no/such/{n:03}") for n in range(300)))
        client.shutdown(socket.SHUT_WR)
        answers = b""
        while received := client.recv(MEGABYTE):
            answers += received
            if answers.count(b"HTTP/1.1 404") == 300:
                break
    assert answers.count(b"HTTP/1.1 404") == 300


def test_many_half_sent_requests_do_not_stop_the_api(api: Api, descriptors) -> None:
    before = memory(api.service)
    with attacking(api.url) as attackers:
        for _ in range(1500):
            attackers.connect(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert_it_answers(api)
        assert memory(api.service) - before < MOST_GROWTH


def test_few_descriptors_are_not_used_up(tmp_path, descriptors) -> None:
    config = write_config(
        tmp_path / "api.conf",
        DEFAULT={
            "bind_port": 0,
            "database_url": f"sqlite:///{tmp_path}/faafo.sqlite",
            "filesystem_store_datadir": tmp_path / "images",
        },
    )
    with Service(tmp_path, "faafo-api", "--config-file", config) as service:
        url = service.wait_for_url()
        limits = (FEW_DESCRIPTORS, FEW_DESCRIPTORS)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, limits)
        api = Api(url, service, config, None, tmp_path)
        with attacking(url) as attackers:
            for _ in range(2 * FEW_DESCRIPTORS):
                attackers.connect(b"GET / HTTP/1.1\r\n")
            assert_it_answers(api)
            wait_until(functools.partial(service.lines_with, "connections open"), "a line")
            assert len(service.lines_with("connections open")) == 1
            assert len(service.output()) < 100_000


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_a_body_to_a_path_that_does_not_exist_is_not_read(api: Api, method: str) -> None:
    head = f"{method} /no/such/path HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE_BODY}\r\n\r\n"
    with attacking(api.url) as attackers:
        client = attackers.connect(head.encode())
        assert b" 404 " in client.recv(4096)
        for _ in range(10):
            with contextlib.suppress(OSError):
                attackers.connect(head.encode()).sendall(bytes(MEGABYTE))
        assert spooled(api.service) < MEGABYTE
        assert_it_answers(api)


def test_a_client_that_sends_all_of_a_refused_body_sees_the_answer(api: Api) -> None:
    for path, status in (("/no/such/path", 404), ("/api/fractal", 413)):
        answer = api.request("POST", path, data=bytes(20 * MEGABYTE), headers=JSON)
        assert answer.status_code == status
        assert answer.json()["message"]


def test_a_chunked_body_beyond_the_limit_is_refused(api: Api) -> None:
    body = (bytes(2**16) for _ in range(64))
    answer = api.request("POST", "/api/fractal", data=body, headers=JSON)
    assert answer.status_code == 413


def test_expect_is_answered_with_continue_or_at_once_with_the_refusal(api: Api) -> None:
    def head(path: str, length: int) -> bytes:
        return (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    with attacking(api.url) as attackers:
        client = attackers.connect(head("/api/fractal", 2))
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert attackers.connect(head("/nothing", 2)).recv(4096).startswith(b"HTTP/1.1 404 ")
        large = attackers.connect(head("/api/fractal", 2**30))
        assert large.recv(4096).startswith(b"HTTP/1.1 413 ")
        empty = attackers.connect(b"GET /healthcheck HTTP/1.1\r\nExpect: 100-continue\r\n\r\n")
        assert empty.recv(4096).startswith(b"HTTP/1.1 200 ")
