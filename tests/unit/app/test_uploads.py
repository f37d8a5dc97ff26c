# SPDX-License-Identifier: Apache-2.0
"""Uploads of images: what is refused is refused before the body is read."""

import base64
import hashlib
import os
import socket
from contextlib import ExitStack

import pytest
import requests
from PIL import Image
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from faafo.app.lifecycle import ApiService
from faafo.app.server import LARGEST_UPLOADS
from faafo.db import claims, db, fractals
from tests.unit.web.conftest import POLICY
from tests.unit.web.test_thumbnail import png_of

DEADLINE = 60
SIDE = 400
UNKNOWN = "12345678-9abc-4def-8123-456789abcdef"
PICTURE = png_of(Image.frombytes("L", (SIDE, SIDE), os.urandom(SIDE * SIDE)))

SIZE = len(PICTURE)


@pytest.fixture
def conf(conf):
    conf.set_override("max_image_size", 2 * SIZE, group="api")
    conf.set_override("bind_port", 0)
    return conf


@pytest.fixture
def url(app, conf, stop):
    service = ApiService(conf, app)
    yield service.start(stop)
    service.stop()


@pytest.fixture
def rendering(app, make_task):
    """Adds a fractal that is being rendered and returns its uuid."""

    def add() -> str:
        with app.app_context():
            uuid = fractals.add(db.session, make_task(width=SIDE, height=SIDE)).uuid
            claims.claim(db.session, "me", 1, 600.0, POLICY)
            return uuid

    return add


@pytest.fixture
def connect(url):
    """Opens a connection that has sent the head of an upload."""
    with ExitStack() as sockets:

        def open_and_send(uuid, query="attempt=1", length=SIZE, **headers):
            digest = base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()
            headers = {
                "Host": "x",
                "Content-Type": "image/png",
                "Content-Digest": f"sha-256=:{digest}:",
                "Content-Length": str(length),
            } | {name.replace("_", "-"): value for name, value in headers.items()}
            lines = [f"PUT /api/fractal/{uuid}/image?{query} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            address = ("127.0.0.1", int(url.rpartition(":")[2]))
            client = sockets.enter_context(socket.create_connection(address, timeout=DEADLINE))
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            return client

        yield open_and_send


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (404, {"uuid": UNKNOWN}),
        (409, {"query": "attempt=2"}),
        (400, {"query": "attempt=x"}),
        (400, {"query": "attempt=1&more=1"}),
        (400, {"Content_Digest": "md5=:x:"}),
        (415, {"Content_Type": "image/jpeg"}),
        (415, {"Content_Encoding": "gzip"}),
        (403, {"Origin": "http://elsewhere.example"}),
        (413, {"length": 2 * SIZE + 1}),
    ],
)
@pytest.mark.parametrize("expect", [{}, {"Expect": "100-continue"}])
def test_the_answer_comes_before_the_body(connect, rendering, status, arguments, expect):
    client = connect(**{"uuid": rendering(), **arguments, **expect})
    assert client.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_picture_that_this_one_cannot_be_is_refused_at_once(connect, app, make_task):
    with app.app_context():
        uuid = fractals.add(db.session, make_task(width=8, height=8)).uuid
        claims.claim(db.session, "me", 1, 600.0, POLICY)
    assert connect(uuid).recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_asks_first_is_told_to_go_on(connect, rendering, store):
    uuid = rendering()
    client = connect(uuid, Expect="100-continue")
    assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
    client.sendall(PICTURE)
    assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert store.load(uuid) == PICTURE


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_arrives_whole_and_the_connection_goes_on(url, rendering, store, chunked):
    digest = base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()
    headers = {"Content-Type": "image/png", "Content-Digest": f"sha-256=:{digest}:"}
    with requests.Session() as session:
        for _ in range(2):
            uuid = rendering()
            body = iter([PICTURE[:9], PICTURE[9:]]) if chunked else PICTURE
            path = f"{url}/api/fractal/{uuid}/image?attempt=1"
            answer = session.put(path, data=body, headers=headers, timeout=DEADLINE)
            assert answer.status_code == 200, answer.text
            assert store.load(uuid) == PICTURE


def test_more_uploads_than_there_is_room_for_are_refused_until_some_are_over(
    connect, rendering, url, wait_until
):
    uuid = rendering()
    held = [connect(uuid, Expect="100-continue") for _ in range(2 * LARGEST_UPLOADS)]
    for client in held:
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
    refused = connect(uuid).recv(4096)
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in refused
    assert requests.get(f"{url}/healthcheck", timeout=DEADLINE).status_code == 200
    claim = {"claimed_by": "me", "count": 1, "lease": 60}
    assert requests.post(f"{url}/api/claim", json=claim, timeout=DEADLINE).status_code == 200
    held[0].sendall(PICTURE)
    assert held[0].recv(4096).startswith(b"HTTP/1.1 200 ")
    for client in held[1:]:
        client.close()
    wait_until(lambda: connect(uuid, Expect="100-continue").recv(4096).startswith(b"HTTP/1.1 100 "))


@pytest.mark.parametrize("expect", [{}, {"Expect": "100-continue"}])
def test_an_upload_is_503_when_the_database_was_away_only_as_the_head_came(
    app, connect, rendering, expect
):
    uuid, failures = rendering(), []

    def fail_once(_connection, _cursor, statement, *_):
        # Threads of the API ask other questions.
        if not failures and "fractal.uuid" in statement:
            failures.append(True)
            raise OperationalError("SELECT", {}, Exception("the database is away"))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", fail_once)
        answer = connect(uuid, **expect).recv(4096)
        event.remove(db.engine, "before_cursor_execute", fail_once)
    assert failures
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in answer


def test_an_upload_that_no_queue_has_room_for_is_503_before_its_body(
    monkeypatch, request, rendering
):
    """The queue of the slow lane holds nothing: each question is turned away."""
    monkeypatch.setattr("faafo.app.sizes.most_queued", lambda *_: 0)
    answer = request.getfixturevalue("connect")(rendering()).recv(4096)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in answer
