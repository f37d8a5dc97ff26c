# SPDX-License-Identifier: Apache-2.0
"""The resource ``maintenance``, and what each mode refuses."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from faafo.core.upkeep import GOES_ON, OPERATION, REPORTS
from faafo.db import db
from faafo.db.clock import moment
from faafo.db.operation_models import Maintenance
from faafo.fractal.service import Kind, service_id

FRACTAL = {
    "width": 8, "height": 6, "iterations": 20, "xa": -1, "xb": 1, "ya": -1, "yb": 1,
}  # fmt: skip
CLAIM = {"claimed_by": "producer", "count": 10, "lease": 60}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
OFF = {"mode": "off", "reason": None, "until": None}
SENTENCE = "This service is read-only until 2999-12-31 06:00 UTC: the database moves"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def set_mode(client):
    def set_mode(mode, **more):
        answer = client.put("/api/maintenance", json={"mode": mode, **more})
        assert answer.status_code == 200, answer.json
        return answer.json

    return set_mode


def in_future(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_the_mode_is_off_until_it_is_set_and_each_setting_replaces_the_last(client, set_mode):
    assert client.get("/api/maintenance").json == OFF
    until = "2999-12-31T08:00:00+02:00"
    record = set_mode("read-only", reason="the database moves", until=until)
    assert record == {
        "mode": "read-only",
        "reason": "the database moves",
        "until": "2999-12-31T06:00:00.000000Z",
    }
    assert client.get("/api/maintenance").json == record
    assert set_mode("paused") == {"mode": "paused", "reason": None, "until": None}
    assert set_mode("off") == client.get("/api/maintenance").json == OFF


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "mode: is missing"),
        ({"mode": "on"}, "mode: "),
        ({"mode": "paused", "reason": ""}, "reason: "),
        ({"mode": "paused", "reason": 256 * "x"}, "reason: "),
        ({"mode": "paused", "until": "2026-11-29T06:00:00"}, "until: must be a time with a zone"),
        ({"mode": "paused", "until": 5}, "until: must be a time with a zone"),
        ({"mode": "paused", "until": "tomorrow"}, "until: must be a time with a zone"),
        ({"mode": "paused", "until": "9999-12-31T23:59:59-01:00"}, "until: must be a time with"),
        (
            {"mode": "paused", "until": "2020-01-01T00:00:00Z"},
            "until: must be in the future",
        ),
        ({"mode": "paused", "since": "2020-01-01T00:00:00Z"}, "since: "),
    ],
)
def test_bad_input_is_refused_with_the_name_of_the_field(client, body, message):
    answer = client.put("/api/maintenance", json=body)
    assert (answer.status_code, answer.json["message"][: len(message)]) == (400, message)
    assert client.get("/api/maintenance").json == OFF


def test_a_read_only_service_refuses_changes_and_says_why_and_until_when(client, set_mode):
    set_mode("read-only", reason="the database moves", until="2999-12-31T06:00:00Z")
    answer = client.post("/api/fractal", json=FRACTAL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")
    assert answer.json["message"] == f"{SENTENCE}; try again later"
    assert client.get("/api/fractal").json["num_results"] == 0
    set_mode("off")
    assert client.post("/api/fractal", json=FRACTAL).status_code == 201


@pytest.mark.parametrize(("seconds", "least", "most"), [(None, 60, 60), (100, 1, 100)])
def test_retry_after_is_the_time_that_is_left(client, set_mode, seconds, least, most):
    set_mode("read-only", **({} if seconds is None else {"until": in_future(seconds)}))
    answer = client.post("/api/fractal", json=FRACTAL)
    assert least <= int(answer.headers["Retry-After"]) <= most


def test_each_request_that_changes_something_is_refused_or_listed_as_going_on(
    app, client, set_mode
):
    set_mode("read-only")
    refused, going_on = set(), set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", rule.rule)
        path = re.sub(r"<(?:int|float):\w+>", "1", path)
        path = re.sub(r"<\w+>", "a", path)
        for method in rule.methods & UNSAFE:
            answer = client.open(path, method=method, json={})
            is_refused = answer.status_code == 503 and b"read-only" in answer.data
            (refused if is_refused else going_on).add(rule.endpoint)
    assert all(one in REPORTS | OPERATION or one.partition(".")[0] in GOES_ON for one in going_on)
    assert REPORTS | {"claim.post_claim", "maintenance.put_maintenance"} <= going_on
    assert {"fractal.post_fractal", "webhook.patch_webhook", "collections.post_star"} <= refused
    assert not refused & going_on


def test_an_address_that_there_is_not_is_one_in_each_mode(client, set_mode):
    set_mode("read-only")
    assert client.post("/api/nothing").status_code == 404
    assert client.post("/api/job/00000000-0000-4000-8000-000000000000").status_code == 405


def test_what_a_producer_holds_is_renewed_and_reported_while_users_change_nothing(client, set_mode):
    uuid = client.post("/api/fractal", json=FRACTAL).json["uuid"]
    set_mode("read-only")
    (claimed,) = client.post("/api/claim", json=CLAIM).json["objects"]
    lease = {name: claimed[name] for name in ("uuid", "attempt", "token")}
    result = {**lease, "checksum": 64 * "0", "duration": 0.1, "size": 9, "generated_by": "w"}
    body = {"claimed_by": "producer", "lease": 60, "complete": [result]}
    assert client.put("/api/claim", json=body).json["lost"] == []
    assert client.get(f"/api/fractal/{uuid}").json["status"] == "complete"


def test_while_renders_are_paused_posts_wait_and_claims_get_nothing(client, set_mode):
    set_mode("paused")
    assert client.post("/api/fractal", json=FRACTAL).status_code == 201
    assert client.get("/api/claim").json == {"claimable": False}
    assert client.post("/api/claim", json=CLAIM).json["objects"] == []
    set_mode("off")
    assert client.get("/api/claim").json == {"claimable": True}
    assert len(client.post("/api/claim", json=CLAIM).json["objects"]) == 1


def test_a_mode_whose_end_is_over_is_off(app, client, set_mode):
    set_mode("read-only", until=in_future(1000))
    with app.app_context():
        db.session.execute(update(Maintenance).values(until=moment()))
        db.session.commit()
    assert client.get("/api/maintenance").json == OFF


def test_another_process_knows_of_a_change_soon(app, client, wait_until):
    assert client.post("/api/fractal", json=FRACTAL).status_code == 201
    with app.app_context():
        db.session.execute(update(Maintenance).values(mode="read-only"))
        db.session.commit()
    wait_until(lambda: client.post("/api/fractal", json=FRACTAL).status_code == 503)


def test_heartbeats_are_told_of_the_mode(client, set_mode):
    record = set_mode("paused", reason="a new broker")
    uid = service_id(Kind.NOTIFIER, "n")
    body = {
        "kind": "notifier", "name": "n", "instance_id": "n:1", "host": "h", "version": "1",
        "age": 1.0, "draining": False,
    }  # fmt: skip
    assert client.put(f"/api/service/{uid}", json=body).json["maintenance"] == record
