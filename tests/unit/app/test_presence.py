# SPDX-License-Identifier: Apache-2.0
"""The row of an API in the registry of services."""

import logging

import pytest
from sqlalchemy.exc import OperationalError

from faafo.app.presence import Presence
from faafo.db import services
from faafo.fractal.service import Kind, Process, State


@pytest.fixture
def presence(app):
    presence = Presence(app, Process(Kind.API, "a", "a:1", "1.2.3"), lambda: 0.05)
    yield presence
    presence.stop()


def test_an_api_is_listed_while_it_runs(app, presence, wait_until):
    def listed():
        with app.app_context():
            found = app.test_client().get("/api/service").json["services"]
        return [(one["kind"], one["name"], one["state"]) for one in found]

    presence.start()
    wait_until(lambda: listed() == [("api", "a", State.UP)])
    presence.stop()
    assert listed() == []


def test_an_api_tells_how_many_requests_it_has_answered_that_are_more_than_routine(app, presence):
    client = app.test_client()
    client.get("/api/fractal")
    client.post("/api/claim", json={"claimed_by": "p", "count": 1, "lease": 5})
    with app.app_context():
        presence.beat()
    (told,) = client.get("/api/service").json["services"]
    assert told["report"] == {"done": 1}


def test_a_database_that_is_away_costs_one_warning(app, presence, wait_until, caplog, monkeypatch):
    tries = []

    def away(*_arguments):
        tries.append(1)
        raise OperationalError("UPDATE", {}, Exception("gone"))

    monkeypatch.setattr(services, "store", away)
    with caplog.at_level(logging.WARNING):
        presence.start()
        wait_until(lambda: len(tries) > 2)
    assert [one.message for one in caplog.records] == [
        "could not store a heartbeat: OperationalError"
    ]
