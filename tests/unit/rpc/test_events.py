# SPDX-License-Identifier: Apache-2.0
"""Events on the bus: what the URL may be, and what a publisher sends."""

import json
import threading

import pytest

from faafo import errors
from faafo.rpc import transport
from faafo.rpc.events import EventListener, Publisher, open_publisher

BODY = {"version": 1, "type": "fractal.complete", "timestamp": "x", "data": {"uuid": "u"}}


def delivery(number, kind="fractal.complete"):
    event = {"uuid": f"e{number}", "type": kind, "created_at": "x", "body": json.dumps(BODY)}
    return {"id": number, "attempt": 1, "event": event, "webhook": None}


@pytest.fixture
def events(conf):
    """A transport for events in memory."""
    conf.set_override("transport_url", "fake://", group="events")
    made = transport.get_events_transport(conf)
    yield made
    made.cleanup()


@pytest.fixture
def received(events, stop):
    """What a listener is handed over: lists of payloads; the first ``refused`` are not stored."""

    class Received(list):
        refused = 0
        arrived = threading.Condition()

        def store(self, payloads):
            with self.arrived:
                self.append(payloads)
                self.arrived.notify()
                self.refused -= 1
                return self.refused < 0

        def wait_for(self, count):
            with self.arrived:
                assert self.arrived.wait_for(lambda: sum(map(len, self)) >= count, 60)
            return [one for some in self for one in some]

    got = Received()
    listener = EventListener(events, "topic", None, got.store)
    listener.start(stop)
    assert listener.wait_until_listening(60)
    yield got
    stop.set()
    assert listener.stop(60)


def test_events_arrive_in_the_order_in_which_they_were_published(events, received):
    Publisher(events, "topic", "notifier-1").publish([delivery(number) for number in range(5)])
    assert received.wait_for(5) == [{**BODY, "event": f"e{number}"} for number in range(5)]


def test_what_was_not_stored_is_handed_over_again(events, received):
    received.refused = 2
    Publisher(events, "topic", "notifier-1").publish([delivery(1)])
    got = received.wait_for(3)
    assert [one["event"] for one in got] == 3 * ["e1"]


def test_the_notification_names_notifier_and_type(events, monkeypatch):
    sent = []
    monkeypatch.setattr(events._driver, "send_notification", lambda *some, **_: sent.append(some))
    Publisher(events, "topic", "notifier-1").publish([delivery(1, "fractal.queued")])
    ((target, _context, message, version),) = sent
    assert (target.topic, version) == ("topic.info", 2.0)
    assert message["publisher_id"] == "faafo.notifier-1"
    assert (message["event_type"], message["priority"]) == ("fractal.queued", "INFO")


def test_who_publishes_is_told_that_the_broker_has_not_confirmed(events, monkeypatch, caplog):
    sent = []

    def refuse(*some, **_):
        sent.append(some)
        if len(sent) == 2:
            raise ConnectionError("gone: rabbit://me:secret@host/")

    monkeypatch.setattr(events._driver, "send_notification", refuse)
    with pytest.raises(errors.BrokerUnavailable, match="events.*transport_url = fake:.*gone") as e:
        Publisher(events, "topic", "n").publish([delivery(number) for number in range(5)])
    assert len(sent) == 2
    assert "secret" not in str(e.value) + caplog.text


def test_without_a_url_there_is_no_bus(conf):
    assert open_publisher(conf, "n") is None
    with pytest.raises(errors.ConfigurationError, match=r"\[events\] transport_url: is not set"):
        transport.get_events_transport(conf)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("inprocess://", "carries no events; name a broker"),
        ("nonsense://me:secret@host", "must begin with one of"),
        ("rabbit://me:secret@host:99999", "a port must be"),
        ("rabbit://me:secret@host/?ssl=true&ssl_ca_file=/nowhere", "ssl_ca_file"),
    ],
)
def test_a_url_that_cannot_work_is_refused_in_one_sentence(conf, url, why):
    conf.set_override("transport_url", url, group="events")
    for get in (transport.get_events_transport, transport.get_liveness_transport):
        with pytest.raises(errors.ConfigurationError, match=why) as raised:
            get(conf)
        assert "[events] transport_url" in str(raised.value) or "[oslo_" in str(raised.value)
        assert "secret" not in str(raised.value)
