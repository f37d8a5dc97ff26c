# SPDX-License-Identifier: Apache-2.0
"""The resource ``claim``: waiting for a fractal."""

import threading
import time

import pytest
import requests

from faafo.client.http import Client
from faafo.core.collaborators import collaborators
from faafo.core.refreshed import READ_SECONDS
from faafo.db import claims, db
from faafo.fractal.service import service_id
from tests.ids import REQUEST_ID


@pytest.fixture
def http(app):
    return app.test_client()


@pytest.fixture
def open_arrivals(app):
    """Requests may wait until the test is over."""
    with app.app_context():
        arrivals = collaborators().arrivals
    arrivals.open()
    yield
    arrivals.close()


def test_a_queued_fractal_can_be_claimed_until_it_has_been(app, http, session, make_task):
    assert http.get("/api/claim").json == {"claimable": False}
    http.post("/api/fractal", json=make_task().model_dump())
    assert http.get("/api/claim").json == {"claimable": True}
    http.post("/api/claim", json={"claimed_by": "me", "count": 1, "lease": 60})
    assert http.get("/api/claim").json == {"claimable": False}


def test_later_drawing_parameters_are_for_those_who_ask_for_them(http, make_task):
    http.post("/api/fractal", json=make_task(inside="#102030").model_dump())
    body = {"claimed_by": "me", "count": 1, "lease": 60}
    assert http.get("/api/claim").json == {"claimable": False}
    assert http.post("/api/claim", json=body).json == {"objects": []}
    assert http.get("/api/claim?parameter_version=2").json == {"claimable": True}
    (claimed,) = http.post("/api/claim", json=body | {"parameter_version": 2}).json["objects"]
    assert claimed["inside"] == "#102030"
    answer = http.post("/api/claim", json=body | {"parameter_version": 0})
    assert (answer.status_code, "parameter_version" in answer.json["message"]) == (400, True)


def test_a_lease_that_has_expired_can_be_claimed(http, session, make_task):
    http.post("/api/fractal", json=make_task().model_dump())
    policy = collaborators().retry_policy
    claims.claim(session, "me", 1, -1.0, policy)
    assert http.get("/api/claim").json == {"claimable": True}


@pytest.mark.parametrize("wait", ["-1", "31", "soon", "nan", "1_0"])
def test_an_invalid_wait_is_named_with_its_bounds(http, wait):
    answer = http.get(f"/api/claim?wait={wait}")
    assert answer.status_code == 400
    assert "wait" in answer.json["message"]


def test_requests_that_wait_keep_no_connection_to_the_database(
    app, api_url, open_arrivals, make_task, wait_until
):
    answers = []

    def wait():
        url = f"{api_url}/api/claim?wait=30"
        answers.append(requests.get(url, timeout=60).json()["claimable"])

    waiting = [threading.Thread(target=wait) for _number in range(3)]
    for thread in waiting:
        thread.start()
    with app.app_context():
        wait_until(lambda: db.engine.pool.checkedout() == 0)
    Client(api_url).create(make_task())
    for thread in waiting:
        thread.join(60)
    assert answers == [True] * 3


@pytest.mark.parametrize("path", ["/api/fractal", "/api/fractals"])
@pytest.mark.parametrize("sent", [REQUEST_ID, None, "not an id"])
def test_a_claim_tells_the_request_that_has_posted_a_fractal_and_its_record_does_not(
    http, session, make_task, path, sent
):
    task = make_task().model_dump()
    headers = {"X-Openstack-Request-Id": sent} if sent else {}
    body = [task] if path.endswith("s") else task
    posted = http.post(path, json=body, headers=headers)
    own = posted.headers["X-Openstack-Request-Id"]
    answer = http.post("/api/claim", json={"claimed_by": "me", "count": 1, "lease": 60})
    (claimed,) = answer.json["objects"]
    assert claimed["request_id"] == (sent if sent == REQUEST_ID else own)
    assert "traceparent" not in claimed
    assert "request_id" not in http.get(f"/api/fractal/{task['uuid']}").json


def test_a_claim_of_what_an_earlier_version_has_stored_tells_no_request(
    http, session, make_task, change
):
    task = make_task()
    http.post("/api/fractal", json=task.model_dump())
    change(task.uuid, request_id=None)
    answer = http.post("/api/claim", json={"claimed_by": "me", "count": 1, "lease": 60})
    assert "request_id" not in answer.json["objects"][0]


@pytest.fixture
def disable(http):
    """Disables a service, of which nobody need have told before."""

    def disable(kind, name):
        uid = service_id(kind, name)
        told = {"kind": kind, "name": name, "instance_id": f"{name}:1", "host": "h"}
        http.put(f"/api/service/{uid}", json=told | {"version": "1", "age": 1})
        changed = {"disabled": True, "reason": "upgrade"}
        assert http.patch(f"/api/service/{uid}", json=changed).status_code == 200

    return disable


@pytest.mark.parametrize("claimed_by", ["p", "p:0f1e2d3c"])
def test_a_disabled_producer_gets_no_fractal_and_others_do(http, disable, make_task, claimed_by):
    http.post("/api/fractal", json=make_task().model_dump())
    disable("producer", "p")
    body = {"claimed_by": claimed_by, "count": 1, "lease": 60}
    assert http.post("/api/claim", json=body).json == {"objects": []}
    assert len(http.post("/api/claim", json=body | {"claimed_by": "q:1"}).json["objects"]) == 1


def test_a_producer_hears_of_disabled_workers_with_each_claim_and_renewal(http, disable):
    body = {"claimed_by": "p", "lease": 60}
    assert "disabled_workers" not in http.put("/api/claim", json=body).json
    disable("worker", "w")
    for answer in (
        http.put("/api/claim", json=body),
        http.post("/api/claim", json=body | {"count": 1}),
    ):
        assert answer.json["disabled_workers"] == {"w": "upgrade"}


def test_what_is_disabled_is_not_read_again_for_each_claim(app, http, monkeypatch):
    reads = []
    monkeypatch.setattr(
        "faafo.core.registry.services.disabled", lambda session: reads.append(1) or {}
    )
    body = {"claimed_by": "p:1", "lease": 60}
    begun_at = time.monotonic()
    for _ in range(10):
        http.post("/api/claim", json=body | {"count": 1})
        http.put("/api/claim", json=body)
    assert len(reads) <= 1 + (time.monotonic() - begun_at) / READ_SECONDS
