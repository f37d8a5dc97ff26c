# SPDX-License-Identifier: Apache-2.0
"""Heartbeats of a service."""

import logging
import threading

import pytest

from faafo import errors
from faafo.client.heartbeat import Heartbeat, RegistryClient
from faafo.fractal.service import Kind, Process

PROCESS = Process(Kind.NOTIFIER, "n", "n:1", "1.2.3")


class Api:
    """Takes heartbeats, or raises ``error``."""

    error = None

    def __init__(self):
        self.told, self.removed = [], []

    def report(self, uid, members):
        self.told.append((uid, members))
        if self.error is not None:
            raise self.error
        return {"disabled": False}

    def remove(self, uid, instance_id):
        self.removed.append((uid, instance_id))


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def beating(api):
    """Makes heartbeats, one an hour unless another interval is given."""

    def beating(interval=3600.0, stopping=None, **options):
        stopping = stopping or threading.Event()
        return Heartbeat(api, PROCESS, lambda: interval, stopping, **options)

    return beating


def test_a_service_is_listed_until_it_ends(app, api_url, wait_until):
    def listed():
        found = app.test_client().get("/api/service").json["services"]
        return [(one["kind"], one["name"], one["version"], one["report"]) for one in found]

    client = RegistryClient(api_url)
    never = threading.Event()
    describe = lambda: {"report": {"busy": 3}}  # noqa: E731
    with Heartbeat(client, PROCESS, lambda: 0.05, never, describe):
        wait_until(lambda: listed() == [("notifier", "n", "1.2.3", {"busy": 3})])
    wait_until(lambda: listed() == [])


def test_what_the_api_answers_is_passed_on(api, beating, wait_until):
    answers = []
    with beating(on_answer=answers.append):
        wait_until(lambda: answers == [{"disabled": False}])
    assert api.removed == [(PROCESS.id, "n:1")]


def test_a_heartbeat_that_is_wanted_is_not_waited_for(api, beating, wait_until):
    with beating() as heartbeat:
        wait_until(lambda: len(api.told) == 1)
        heartbeat.soon()
        wait_until(lambda: len(api.told) == 2)


def test_a_service_that_drains_says_so_at_once(api, beating, wait_until):
    stopping = threading.Event()
    with beating(stopping=stopping):
        wait_until(lambda: len(api.told) == 1)
        stopping.set()
        wait_until(lambda: len(api.told) == 2)
    assert [members["draining"] for _uid, members in api.told] == [False, True]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.ApiRefused("not found", 404), "the API keeps no registry of services: it is older"),
        (errors.ApiUnavailable("away"), "could not send a heartbeat: away"),
        (ValueError("odd"), "could not send a heartbeat"),
    ],
)
def test_failures_in_a_row_cost_one_line_and_the_next_success_is_passed_on(
    api, beating, wait_until, caplog, error, line
):
    answers = []
    api.error = error
    with caplog.at_level(logging.INFO), beating(0.01, on_answer=answers.append):
        wait_until(lambda: len(api.told) > 2)
        api.error = None
        wait_until(lambda: answers)
    assert [one.message for one in caplog.records] == [line]


def test_the_end_is_not_delayed_by_an_api_that_hangs(api, beating, wait_until, stop):
    called = threading.Event()

    def hang(*_arguments):
        called.set()
        stop.wait(60)

    api.report = hang
    with beating():
        assert called.wait(60)
    assert not stop.is_set()
