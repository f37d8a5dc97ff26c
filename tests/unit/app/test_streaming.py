# SPDX-License-Identifier: Apache-2.0
"""Event streams over the real HTTP server, which has one thread for ordinary requests."""

import contextlib
import json
import socket
from urllib.parse import urlsplit

import pytest
import requests

from faafo.app import event_watch
from faafo.app.lifecycle import ApiService
from faafo.core import stream as stream_module
from faafo.core.collaborators import collaborators
from faafo.db import claims, db
from faafo.db.outcomes import RetryPolicy
from tests.functional.event_stream import EventStream
from tests.unit.core.recorded import Recorded

BODY = {"width": 8, "height": 6, "iterations": 40, "xa": -1.5, "xb": 1.5, "ya": -1, "yb": 1}
RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
MANY = 20


@pytest.fixture
def service(app, conf, stop, monkeypatch):
    # There is one process, which forgets what it knew of subscriptions when it subscribes.
    monkeypatch.setattr(event_watch, "EFFECTIVE_SECONDS", 0.0)
    conf.set_override("bind_port", 0)
    conf.set_override("threads", 1, "api")
    return ApiService(conf, app)


@pytest.fixture
def api(service, stop):
    """The URL of an API."""
    yield service.start(stop)
    service.stop()


@pytest.fixture
def streams(app):
    with app.app_context():
        return collaborators().streams


def post(api):
    return requests.post(f"{api}/api/fractal", json=BODY, timeout=60).json()["uuid"]


def render(api):
    wanted = {"claimed_by": "a producer", "count": 1, "lease": 600}
    (claimed,) = requests.post(f"{api}/api/claim", json=wanted, timeout=60).json()["objects"]
    named = {name: claimed[name] for name in ("uuid", "attempt", "token")}
    report = {"claimed_by": "a producer", "lease": 600, "complete": [named | RESULT]}
    requests.put(f"{api}/api/claim", json=report, timeout=60).raise_for_status()


def connected(api, head="GET /api/event HTTP/1.1\r\nHost: x\r\n\r\n"):
    address = urlsplit(api)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    connection.sendall(head.encode())
    return connection


def test_many_streams_hold_no_thread_and_get_what_happens(api, streams):
    with contextlib.ExitStack() as opened:
        clients = [opened.enter_context(EventStream(api)) for _ in range(MANY)]
        for client in clients:
            assert client.answer.headers["Content-Type"].startswith("text/event-stream")
            assert client.answer.headers["Cache-Control"] == "no-store"
            assert client.answer.headers["X-Accel-Buffering"] == "no"
            client.opened()
        assert len(streams) == MANY
        uuid = post(api)
        render(api)
        requests.delete(f"{api}/api/fractal/{uuid}", timeout=60).raise_for_status()
        for client in clients:
            got = [client.next() for _ in range(4)]
            assert [one.type.removeprefix("fractal.") for one in got] == [
                *("queued", "rendering", "complete", "deleted")
            ]
            assert [one.id for one in got] == sorted({one.id for one in got})
            assert {one.data["data"]["uuid"] for one in got} == {uuid}
            assert len({one.data["event"] for one in got}) == 4
            assert got[2].data["data"]["checksum"] == RESULT["checksum"]


def test_a_client_gets_the_types_and_the_fractal_it_asks_for(api):
    first, second = post(api), post(api)
    wanted = {"types": "fractal.complete, fractal.deleted", "fractal": second}
    with EventStream(api, params=wanted) as client:
        client.opened()
        for _ in range(2):
            render(api)
        for uuid in (first, second):
            requests.delete(f"{api}/api/fractal/{uuid}", timeout=60).raise_for_status()
        got = [client.next() for _ in range(2)]
    assert [(one.type, one.data["data"]["uuid"]) for one in got] == [
        ("fractal.complete", second),
        ("fractal.deleted", second),
    ]


def test_a_client_that_connects_again_gets_what_it_has_missed(api):
    with EventStream(api) as client:
        client.opened()
        post(api)
        last_id = client.next().id
    uuids = [post(api) for _ in range(3)]
    for options in ({"last_id": last_id}, {"params": {"last_event_id": last_id}}):
        with EventStream(api, **options) as client:
            got = [client.until("fractal.queued") for _ in range(3)]
        assert [one.data["data"]["uuid"] for one in got] == uuids
    header_first = {"last_id": got[1].id, "params": {"last_event_id": last_id}}
    with EventStream(api, **header_first) as client:
        assert client.until("fractal.queued").data["data"]["uuid"] == uuids[2]


@pytest.mark.parametrize("last_id", [10**6, 2**63 - 1, 0])
def test_one_whose_last_event_is_not_kept_is_told_to_begin_anew(api, last_id):
    with EventStream(api, last_id) as client:
        told = client.next()
        assert (told.type, list(told.data)) == ("reset", ["reason"])
        assert client.next().type == "open"
        post(api)
        assert client.next().type == "fractal.queued"


def test_an_event_before_a_time_without_a_subscription_is_not_enough(api, app, streams, wait_until):
    with EventStream(api) as client:
        client.opened()
        post(api)
        last_id = client.next().id
    wait_until(lambda: not streams.is_ready, "the end of the stream")
    with app.app_context():
        db.session.execute(db.text("UPDATE subscription SET expires_at = '2020-01-01 00:00:00'"))
        db.session.commit()
    with EventStream(api, last_id) as client:
        assert client.next().type == "reset"


def test_what_another_process_records_arrives(api, app):
    post(api)
    with EventStream(api) as client:
        client.opened()
        with app.app_context():
            claims.claim(db.session, "another", 1, 600.0, RetryPolicy(1, 0.0, 0.0))
        assert client.next().type == "fractal.rendering"


def test_a_client_that_goes_away_frees_its_place(api, streams, wait_until):
    with connected(api):
        wait_until(lambda: len(streams) == 1)
    wait_until(lambda: len(streams) == 0)


def test_clients_that_go_away_at_once_leave_no_stream(api, streams, wait_until):
    with EventStream(api) as client:
        client.opened()
        for _ in range(100):
            connected(api).close()
        with connected(api):
            wait_until(lambda: len(streams) == 2)
        wait_until(lambda: len(streams) == 1)
        uuid = post(api)
        assert client.next().data["data"]["uuid"] == uuid


def test_one_that_does_not_read_is_closed(api, streams, wait_until):
    with connected(api) as silent, EventStream(api) as other:
        wait_until(lambda: len(streams) == 2)
        other.opened()
        text = "x" * 2**16
        for number in range(1000, 2000):
            if len(streams) < 2:
                break
            streams.publish([(Recorded(number, fractal_uuid=text), number)], number)
            assert other.next().id == number
        wait_until(lambda: len(streams) == 1)
        with contextlib.suppress(ConnectionResetError):
            while silent.recv(2**20):
                pass


def test_a_heartbeat_keeps_the_connection_and_the_position(api, monkeypatch):
    post(api)
    with EventStream(api) as client:
        client.opened()
        monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.1)
        assert client.next().data == "heartbeat"


def test_a_server_that_stops_ends_the_streams_at_once(service, streams, stop):
    url = service.start(stop)
    with EventStream(url) as first, EventStream(url) as second:
        for client in (first, second):
            client.opened()
        service.stop()
        assert [list(client) for client in (first, second)] == [[], []]
    assert len(streams) == 0


def test_a_stream_and_a_wait_have_the_same_places(api, streams):
    streams.open(most=1)
    with EventStream(api) as client:
        client.opened()
        refused = requests.get(f"{api}/api/event", timeout=60)
        assert refused.status_code == 503
        assert refused.json()["message"].startswith("too many requests wait or follow events")
        assert int(refused.headers["Retry-After"]) > 0


def test_the_next_request_of_a_connection_is_not_answered(api, streams, wait_until):
    with connected(api) as client:
        wait_until(lambda: len(streams) == 1)
        client.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"event: open" not in received:
            received += client.recv(2**16)
        uuid = post(api)
        while uuid.encode() not in received:
            received += client.recv(2**16)
        assert b'"version":{' not in received
    wait_until(lambda: len(streams) == 0)


def test_a_question_about_the_stream_opens_none(api, streams):
    head = requests.head(f"{api}/api/event", timeout=60)
    assert head.status_code == 200
    assert head.headers["Content-Type"].startswith("text/event-stream")
    assert len(streams) == 0


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"headers": {"Last-Event-ID": "abc"}}, "Last-Event-ID: must be the id of an event"),
        ({"headers": {"Last-Event-ID": "-1"}}, "0 to 9223372036854775807, not '-1'"),
        ({"headers": {"Last-Event-ID": "9" * 500}}, "Last-Event-ID: must be the id"),
        ({"headers": {"Last-Event-ID": f"{'0' * 40}{2**63}"}}, "Last-Event-ID: must be the id"),
        ({"headers": {"Last-Event-ID": f"{'0' * 5000}{2**63}"}}, "Last-Event-ID: must be the id"),
        ({"params": {"last_event_id": "1.5"}}, "last_event_id: must be the id of an event"),
        ({"params": {"types": "fractal.queued,x,y"}}, "types: 'x', 'y': unknown; known are fr"),
        ({"params": {"types": ""}}, "types: '': unknown"),
        ({"params": {"fractal": "x"}}, "fractal"),
        ({"params": {"scope": "x"}}, "scope"),
        ({"params": {"since": "x"}}, "since"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(api, streams, sent, sentence):
    answer = requests.get(f"{api}/api/event", timeout=60, **sent)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    assert len(streams) == 0


def test_no_page_of_another_site_can_open_streams(api, streams):
    sent = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert requests.get(f"{api}/api/event", headers=sent, timeout=60).status_code == 403


def test_another_http_server_has_none_and_says_so(app):
    answer = app.test_client().get("/api/event")
    assert answer.status_code == 501
    assert "poll instead" in json.loads(answer.text)["message"]
