# SPDX-License-Identifier: Apache-2.0
"""The resource ``service``: heartbeats, and the registry."""

import math

import pytest

from faafo.fractal.service import service_id

OFF = {"mode": "off", "reason": None, "until": None}
WORKER = {
    "kind": "worker",
    "name": "w",
    "instance_id": "w:1",
    "host": "h",
    "version": "1.0",
    "age": 5.5,
    "slots": 2,
    "busy": 1,
}
PRODUCER = {
    "kind": "producer",
    "name": "p",
    "instance_id": "p:1",
    "host": "h",
    "version": "1.0",
    "age": 9,
}


def address(told):
    return f"/api/service/{service_id(told['kind'], told['name'])}"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def tell(client):
    """Sends a heartbeat; returns the answer."""

    def tell(told=PRODUCER, **changes):
        return client.put(address(told), json=told | changes)

    return tell


def listed(client, query=""):
    return client.get(f"/api/service{query}").json["services"]


def test_a_producer_and_its_workers_are_listed(client, tell):
    answer = tell(workers=[WORKER | {"seen": 3}])
    assert (answer.status_code, answer.json) == (
        200,
        {
            "disabled": False,
            "reason": None,
            "maintenance": OFF,
            "disabled_workers": {},
            "settings_version": 0,
        },
    )
    producer, worker = listed(client)
    assert (producer["kind"], producer["name"], producer["state"]) == ("producer", "p", "up")
    assert (worker["kind"], worker["slots"], worker["busy"]) == ("worker", 2, 1)
    assert [one["name"] for one in listed(client, "?kind=worker")] == ["w"]
    assert client.get(address(WORKER)).json == worker


def test_a_disabled_worker_is_told_to_producers(client, tell):
    tell(workers=[WORKER])
    change = {"disabled": True, "reason": "upgrade"}
    changed = client.patch(address(WORKER), json=change).json
    assert (changed["state"], changed["reason"]) == ("disabled", "upgrade")
    assert tell().json["disabled_workers"] == {"w": "upgrade"}
    client.patch(address(WORKER), json={"disabled": False})
    assert tell().json["disabled_workers"] == {}


def test_a_disabled_producer_is_told(client, tell):
    tell()
    client.patch(address(PRODUCER), json={"disabled": True, "reason": "upgrade"})
    answer = tell().json
    assert (answer["disabled"], answer["reason"]) == (True, "upgrade")


def test_a_worker_that_has_stopped_is_no_longer_listed(client, tell):
    tell(workers=[WORKER])
    tell(workers=[WORKER | {"stopped": True}])
    assert [one["name"] for one in listed(client)] == ["p"]


def test_a_service_that_has_ended_is_no_longer_listed(client, tell):
    tell()
    answer = client.delete(f"{address(PRODUCER)}?instance_id=p:1")
    assert (answer.status_code, listed(client)) == (204, [])


@pytest.mark.parametrize(
    ("told", "changes", "message"),
    [
        (PRODUCER, {"name": "q"}, "name: producer 'q' has the id "),
        (WORKER, {"workers": [WORKER]}, "workers: only a producer tells of workers"),
        (PRODUCER, {"workers": [PRODUCER]}, "workers.0.kind: must be worker, not producer"),
        (PRODUCER, {"kind": "boss"}, "kind: "),
        (PRODUCER, {"age": -1}, "age: "),
        (PRODUCER, {"age": False}, "age: "),
        (PRODUCER, {"slots": -1}, "slots: "),
        (PRODUCER, {"version": ""}, "version: "),
        (PRODUCER, {"draining": "yes"}, "draining: "),
        (PRODUCER, {"other": 1}, "other: "),
        (PRODUCER, {"report": {"a": math.nan}}, "report: "),
        (PRODUCER, {"report": {"a": "\ud800"}}, "report: "),
        (PRODUCER, {"report": {"a": [[[[[]]]]]}}, "report: "),
        (PRODUCER, {"report": {"a": "x" * 4000}}, "report: "),
        (PRODUCER, {"workers": [WORKER | {"report": {"a": math.inf}}]}, "workers.0.report: "),
    ],
)
def test_what_contradicts_itself_is_refused(client, told, changes, message):
    answer = client.put(address(told), json=told | changes)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(message)
    assert listed(client) == []


def test_a_service_is_not_disabled_without_a_reason(client, tell):
    tell()
    answer = client.patch(address(PRODUCER), json={"disabled": True})
    assert (answer.status_code, answer.json["message"]) == (
        400,
        "reason: is needed to disable a service",
    )


def test_an_api_cannot_be_disabled(client, tell):
    api = PRODUCER | {"kind": "api"}
    tell(api)
    answer = client.patch(address(api), json={"disabled": True, "reason": "any"})
    assert (answer.status_code, answer.json["message"]) == (
        409,
        "a service of kind api cannot be disabled",
    )


@pytest.mark.parametrize("method", ["get", "patch"])
def test_there_is_no_service_that_nobody_told_of(client, method):
    body = {"json": {"disabled": False}} if method == "patch" else {}
    answer = getattr(client, method)(address(WORKER), **body)
    assert answer.status_code == 404
    assert answer.json["message"].startswith("there is no service ")
