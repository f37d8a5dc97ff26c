# SPDX-License-Identifier: Apache-2.0
"""Deliveries as the API answers them."""

import json

import pytest

from faafo import errors
from faafo.notifier.delivery import LONGEST_FAULT, Delivery, Outcome
from tests.ids import REQUEST_ID


def test_a_delivery_is_read(make_record):
    record = make_record("https://Receiver.example/hook", project_id="p1")
    delivery = Delivery.of(record)
    assert delivery.as_body() == {"id": 1, "attempt": 1}
    assert delivery.webhook.url == "https://Receiver.example/hook"
    assert delivery.tenant == record["webhook"]["tenant"]
    assert delivery.record is record


def test_what_log_lines_tell_of_a_delivery(make_record):
    record = make_record("https://receiver.example/", project_id="p1")
    record["event"] |= {
        "body": json.dumps({"data": {"uuid": "u1", "project_id": "p1"}}),
        "request_id": REQUEST_ID,
    }
    found = Delivery.of(record).work().get_logging_values()
    assert (found["request_id"], found["resource_uuid"], found["project"]) == (
        REQUEST_ID,
        "u1",
        "p1",
    )


def test_a_delivery_to_the_bus_has_no_webhook(make_record):
    delivery = Delivery.of(make_record(None))
    assert (delivery.webhook, delivery.tenant) == (None, None)


def test_no_secret_and_no_url_is_in_the_repr(make_delivery):
    delivery = make_delivery("http://receiver.example/t0ken", "w", ["whsec_5ecre7"])
    assert "5ecre7" not in repr(delivery)
    assert "t0ken" not in repr(delivery)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"},
        {"id": True},
        {"attempt": None},
        {"event": None},
        {"event": {"uuid": "u"}},
        {"event": {"uuid": 1, "body": "{}"}},
        {"event": {"uuid": "u", "body": {}}},
        {"webhook": {}},
        {"webhook": {"uuid": "u", "url": 5, "tenant": 1, "secrets": []}},
        {"webhook": {"uuid": "u", "url": "http://a/", "tenant": 1, "secrets": None}},
        {"webhook": {"uuid": "u", "url": "http://a/", "tenant": 1, "secrets": [5]}},
        {"webhook": {"uuid": "u", "url": "http://a/", "tenant": "1", "secrets": []}},
        {"webhook": {"uuid": "u", "url": "http://a/", "secrets": []}},
        {"webhook": 5},
    ],
)
def test_a_malformed_delivery_is_refused(make_record, change):
    with pytest.raises(errors.InvalidMessage, match="malformed delivery"):
        Delivery.of({**make_record(), **change})


@pytest.mark.parametrize("record", [None, [], 5, {}])
def test_what_is_no_delivery_is_refused(record):
    with pytest.raises(errors.InvalidMessage):
        Delivery.of(record)


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"data":5}', '{"data":{"project_id":5}}', "\x00"]
)
def test_an_event_without_a_project_belongs_to_none(make_record, body):
    record = make_record()
    record["event"]["body"] = body
    assert Delivery.of(record).about.project_id is None


def test_a_fault_is_shortened_and_printable():
    fault = Outcome(None, 0.5, "a\x00\n" + "x" * 5000).as_body()["fault"]
    assert fault == ("a??" + "x" * 5000)[:LONGEST_FAULT]


def test_what_was_delivered_has_no_fault():
    assert Outcome(204, 0.5).as_body() == {"http_status": 204, "duration": 0.5}
