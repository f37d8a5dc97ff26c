# SPDX-License-Identifier: Apache-2.0
"""An API that is asked for too much says so, and goes on."""

import socket

import pytest

from tests.functional.processes import SMALL_FRACTAL, Api, running_api

MANY_CONNECTIONS = 300
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(tmp_path):
    with running_api(tmp_path, max_queued=2, max_body_size=2048) as api:
        yield api


def test_a_queue_that_is_full_takes_no_more_until_something_is_rendered(api: Api) -> None:
    for _ in range(2):
        api.post_fractal()
    answer = api.request("POST", "/api/fractal", json=SMALL_FRACTAL)
    assert answer.status_code == 429
    assert "the queue is full, [api] max_queued = 2" in answer.json()["message"]
    assert answer.headers["Retry-After"].isdigit()
    api.claim()
    api.post_fractal()
    assert api.request("POST", "/api/fractal", json=SMALL_FRACTAL).status_code == 429


def test_a_body_of_any_size_is_refused_before_it_takes_room(api: Api) -> None:
    for size in (2049, 16_000, 20_000):
        assert (
            api.request("POST", "/api/fractal", data=b"x" * size, headers=JSON).status_code == 413
        )
    with socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2]))) as client:
        client.sendall(
            b"POST /api/fractal HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000000000\r\n\r\n"
        )
        client.settimeout(30)
        assert b" 413 " in client.recv(4096)


def test_many_idle_connections_keep_nobody_out(api: Api) -> None:
    address = ("127.0.0.1", int(api.url.rpartition(":")[2]))
    idle = [socket.create_connection(address) for _ in range(MANY_CONNECTIONS)]
    try:
        assert api.request("GET", "/healthcheck").status_code == 200
    finally:
        for one in idle:
            one.close()
