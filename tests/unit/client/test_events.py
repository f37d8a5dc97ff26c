# SPDX-License-Identifier: Apache-2.0
"""Following events, over the real API and servers that are not what a client expects."""

import itertools
import json

import pytest

from faafo import errors
from faafo.app import event_watch
from faafo.app.lifecycle import ApiService
from faafo.client import Client
from faafo.client import events as events_module
from faafo.core.collaborators import collaborators

BODY = {"width": 8, "height": 6, "iterations": 40, "xa": -1.5, "xb": 1.5, "ya": -1, "yb": 1}
STREAM = {"Content-Type": "text/event-stream", "Connection": "close"}


@pytest.fixture
def service(app, conf, monkeypatch):
    monkeypatch.setattr(event_watch, "EFFECTIVE_SECONDS", 0.0)
    monkeypatch.setattr(events_module, "FIRST_PAUSE", 0.01)
    conf.set_override("bind_port", 0)
    return ApiService(conf, app)


@pytest.fixture
def api(service, stop):
    yield service.start(stop)
    service.stop()


@pytest.fixture
def client(api):
    with Client(api) as client:
        yield client


@pytest.fixture
def streams(app):
    with app.app_context():
        return collaborators().streams


def event(number, **data):
    document = {
        "version": 1,
        "type": "fractal.queued",
        "timestamp": "2026-11-28T18:00:00.123456Z",
        "data": data,
        "event": f"uuid {number}",
    }
    return f"id: {number}\nevent: fractal.queued\ndata: {json.dumps(document)}\n\n".encode()


def test_events_come_as_they_happen(client):
    posted = []

    def post():
        posted.append(client.create(**BODY))

    events = client.follow(on_open=post)
    first = next(events)
    assert (first.type, first.data["uuid"], first.id) == ("fractal.queued", posted[0].uuid, 1)
    client.delete(posted[0].uuid)
    assert next(events).type == "fractal.deleted"


def test_what_is_asked_for_is_sent(client):
    def post():
        other, fractal = (client.create(**BODY).uuid for _ in range(2))
        client.share(fractal)
        for uuid in (other, fractal):
            client.delete(uuid)
        posted.append(fractal)

    posted = []
    only = {"types": ["fractal.deleted", "fractal.error"], "scope": "project"}
    events = client.follow(**only, on_open=post)
    assert [next(events).type for _ in range(2)] == 2 * ["fractal.deleted"]
    uuid = posted[0]
    events = client.follow(fractal=uuid, last_event_id=1, on_open=lambda: None)
    assert [next(events).data["uuid"] for _ in range(2)] == [uuid, uuid]
    with pytest.raises(errors.ApiRefused, match="types: 'x': unknown"):
        next(client.follow(types=["x"]))
    with pytest.raises(errors.ApiRefused, match="scope"):
        next(client.follow(scope="x"))


def test_a_lost_connection_loses_and_repeats_nothing(client, api, streams):
    opened = []

    def post():
        opened.append(client.create(**BODY).uuid)

    seen = []
    for one in itertools.islice(client.follow(on_open=post), 4):
        seen.append(one.data["uuid"])
        # Each new connection posts the next fractal.
        with streams._changed:
            for stream in streams._all:
                stream.call(finally_=True)
    assert seen == opened[:4]
    assert len(set(seen)) == 4


def test_one_can_begin_after_an_event(client):
    events = client.follow(on_open=lambda: [client.create(**BODY) for _ in range(3)])
    (_, second, third) = itertools.islice(events, 3)
    events.close()
    assert next(client.follow(last_event_id=second.id)) == third


def test_a_reset_is_told_with_its_reason(client):
    told = []
    events = client.follow(
        last_event_id=99, on_reset=told.append, on_open=lambda: client.create(**BODY)
    )
    next(events)
    assert told == ["there is no event 99 yet"]


def test_what_was_sent_again_is_left_out_and_the_position_is_sent(odd_server, monkeypatch):
    monkeypatch.setattr(events_module, "FIRST_PAUSE", 0.01)
    seen = []
    url = odd_server(200, event(1) + event(2), seen, **STREAM)
    events = Client(url).follow()
    assert [one.id for one in itertools.islice(events, 2)] == [1, 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events_module._Following, "_is_new", lambda *_: True)
        next(events)
    assert [one.get("Last-Event-ID") for one in seen[:2]] == [None, "2"]


def test_a_service_that_cannot_be_reached_in_the_beginning_is_an_error():
    with pytest.raises(errors.ApiUnavailable, match="Connection refused"):
        next(Client("http://127.0.0.1:9").follow())


@pytest.mark.parametrize(
    ("status", "body", "headers", "message"),
    [
        (501, b'{"message": "poll instead"}', {}, "501, poll instead"),
        (200, b"{}", {"Content-Type": "application/json"}, "no event stream, but 'application/j"),
        (200, b"event: open\ndata: x\n\n", STREAM, "the event 'open' is none of faafo"),
        (200, b'data: {"event": 1}\n\n', STREAM, "the answer is not one of faafo"),
    ],
)
def test_what_is_no_stream_of_faafo_is_an_error(
    odd_server, monkeypatch, status, body, headers, message
):
    monkeypatch.setattr(errors.ApiUnavailable, "__init__", _unforgiving)
    url = odd_server(status, body, **headers)
    with pytest.raises(errors.ApiUnavailable, match=message):
        next(Client(url).follow())


def _unforgiving(self, text, kind):
    """Make any error final: a stream of nonsense would be tried again."""
    super(errors.ApiUnavailable, self).__init__(text)
    self.kind = events_module.NEVER
