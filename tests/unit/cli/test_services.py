# SPDX-License-Identifier: Apache-2.0
"""``faafo service``, against the real API."""

import json

import pytest
from sqlalchemy import update

from faafo.client.heartbeat import RegistryClient
from faafo.db import db
from faafo.db.clock import moment
from faafo.db.operation_models import Service
from faafo.fractal.service import Kind, Process

WORK = {"done": 7, "done_1": 1, "done_15": 3, "median_seconds": 0.5}


@pytest.fixture
def services(api_url):
    """A producer with a worker, and a worker that has the name of the producer."""
    producer = Process(Kind.PRODUCER, "a", "a:1", "1.2.3", host="h")
    workers = [
        {**producer.members(), "kind": "worker", "name": name, "slots": 2, "busy": 1}
        for name in ("a", "b")
    ]
    workers[1]["report"] = {"work": WORK}
    RegistryClient(api_url).report(producer.id, producer.members() | {"workers": workers})


def test_services_are_listed_by_kind_and_name(faafo, services):
    columns = ("-c", "kind", "-c", "name", "-c", "state", "-f", "value")
    listed = "producer a up\nworker a up\nworker b up\n"
    assert faafo("service", "list", *columns)[:2] == (0, listed)
    assert faafo("service", "list", "--kind", "producer", *columns)[1] == "producer a up\n"


def test_what_workers_have_done_is_listed(faafo, services):
    _status, output, _errors = faafo("service", "list", "--work", "--kind", "worker", "-f", "json")
    none, some = json.loads(output)
    assert {name: some[name] for name in WORK} == WORK
    assert none["done"] is None


def test_a_worker_is_disabled_and_enabled_by_its_name(faafo, services):
    fields = ("-f", "json", "-c", "state", "-c", "reason")
    status, output, _errors = faafo("service", "set", "b", "--disable", "an upgrade", *fields)
    assert (status, json.loads(output)) == (0, {"state": "disabled", "reason": "an upgrade"})
    shown = json.loads(faafo("service", "show", "b", "-f", "json")[1])
    assert (shown["state"], shown["slots"]) == ("disabled", 2)
    output = faafo("service", "set", shown["id"], "--enable", *fields)[1]
    assert json.loads(output) == {"state": "up", "reason": None}


def test_a_name_that_several_services_have_needs_a_kind(faafo, services):
    status, _output, problem = faafo("service", "show", "a")
    assert (status, "name the --kind: producer, worker" in problem) == (1, True)
    assert faafo("service", "show", "a", "--kind", "worker")[0] == 0


def test_a_service_that_there_is_not_is_named(faafo, services):
    status, _output, problem = faafo("service", "set", "c", "--enable")
    assert (status, "there is no service 'c'" in problem) == (1, True)


def test_only_a_service_that_is_down_is_deleted(faafo, services, app):
    status, _output, problem = faafo("service", "delete", "b")
    assert (status, "service b of kind worker is up; only one that is down" in problem) == (1, True)
    faafo("service", "set", "b", "--disable", "it is gone")
    with app.app_context():
        db.session.execute(update(Service).values(seen_at=moment(-60.0)))
        db.session.commit()
    assert faafo("service", "delete", "b") == (0, "deleted worker b\n", "")
    assert "there is no service 'b'" in faafo("service", "delete", "b")[2]
    assert len(json.loads(faafo("service", "list", "-f", "json")[1])) == 2


@pytest.mark.parametrize("options", [(), ("--enable", "--disable", "x"), ("--disable",)])
def test_set_without_one_change_is_refused(faafo, options):
    assert faafo("service", "set", "a", *options)[0] == 2
