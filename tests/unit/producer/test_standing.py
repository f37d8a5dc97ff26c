# SPDX-License-Identifier: Apache-2.0
"""Producers that are disabled, and their workers."""

import logging
import math

import pytest

from faafo import errors
from faafo.api.service_schemas import HeartbeatBody
from faafo.producer.registry import WorkerRegistry
from faafo.producer.standing import Standing

ENABLED = {"disabled": False, "reason": None, "disabled_workers": {}}


class Workers:
    """Keeps what workers are told."""

    def __init__(self):
        self.told = []

    def instruct(self, *instruction):
        self.told.append(instruction)
        if instruction[0] == "away":
            raise errors.BrokerUnavailable("away")


@pytest.fixture
def workers():
    return Workers()


@pytest.fixture
def urgent():
    return []


@pytest.fixture
def registry(urgent):
    told = lambda: urgent.append(1)  # noqa: E731
    return WorkerRegistry("me", 60.0, lambda: None, told)


@pytest.fixture
def standing(registry, workers):
    return Standing("p", registry, workers, lambda: None)


@pytest.fixture
def report(registry):
    """Reports of a worker with two slots."""

    def report(name="w", slots=2, **shown):
        ctxt = {"worker": f"{name}:1"} | shown
        registry.report(ctxt, name, slots, 0, {}, "1.0")

    return report


def test_a_producer_follows_the_api_and_logs_a_change_once(standing, caplog):
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            standing.follow(ENABLED | {"disabled": True, "reason": "upgrade"})
            assert standing.is_disabled()
        standing.follow(ENABLED)
    assert not standing.is_disabled()
    assert [one.message for one in caplog.records] == [
        "producer p is disabled: upgrade; it claims nothing",
        "producer p is enabled",
    ]


def test_a_worker_is_told_until_its_report_agrees(standing, workers, report):
    disabled = ENABLED | {"disabled_workers": {"w": "upgrade"}}
    report(disabled=False)
    standing.follow(disabled)
    standing.follow(disabled)
    assert workers.told == [("w", "w:1", True, "upgrade")] * 2
    report(slots=0, disabled=True)
    standing.follow(disabled)
    assert len(workers.told) == 2
    standing.follow(ENABLED)
    assert workers.told[2:] == [("w", "w:1", False, None)]


def test_a_worker_that_cannot_be_told_does_not_keep_others_from_it(standing, workers, report):
    report("away", disabled=True)
    report("w", disabled=True)
    standing.follow(ENABLED)
    assert [one[0] for one in workers.told] == ["away", "w"]


@pytest.mark.parametrize("shown", [{}, {"disabled": False, "draining": True}])
def test_a_worker_that_is_older_or_drains_is_not_told(standing, workers, report, shown):
    report(**shown)
    standing.follow(ENABLED | {"disabled_workers": {"w": "upgrade"}})
    assert workers.told == []


def test_a_disabled_worker_gets_no_task_even_if_it_is_older(registry, standing, report):
    report()
    standing.follow(ENABLED | {"disabled_workers": {"w": "upgrade"}})
    assert (registry.slots(), registry.free_slots(), registry.acquire()) == (0, 0, None)
    report()
    assert registry.free_slots() == 0
    standing.follow(ENABLED)
    assert registry.free_slots() == 2


def test_a_report_that_contradicts_what_the_api_has_told_asks_for_a_heartbeat(
    registry, report, urgent
):
    report(disabled=False)
    assert not urgent
    report(slots=0, disabled=True)
    assert len(urgent) == 1


def test_the_next_process_of_a_disabled_name_is_known_though_it_has_no_slots(registry, report):
    report()
    report(slots=0, worker="w:2", disabled=True, draining=False)
    assert registry.reports()[0]["instance_id"] == "w:2"


def test_reports_are_passed_on_with_their_age(registry, report):
    work = {"done": 3, "done_1": 1, "done_15": 2, "median_seconds": 0.5}
    report(host="h", age=50.0, work=work, disabled=False, draining=False, stopped=True)
    (told,) = registry.reports()
    assert told.pop("age") >= 50.0
    assert 0 <= told.pop("seen") < 50.0
    assert told == {
        "kind": "worker", "name": "w", "instance_id": "w:1", "host": "h", "version": "1.0",
        "slots": 2, "busy": 0, "draining": False, "configuration": None,
        "report": {"work": work}, "stopped": True,
    }  # fmt: skip


def test_an_older_worker_is_passed_on_with_what_it_tells(registry, report):
    report()
    (told,) = registry.reports()
    assert (told["host"], told["report"], told["stopped"]) == ("unknown", {}, False)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ({"work": {"done": 1, "median_seconds": math.nan}}, "w"),
        ({"work": {"done": 10**40}}, "w"),
        ({"work": {"done": "x" * 100_000}}, "w"),
        ({"age": 1e300}, "w"),
        ({"slots": 2**40}, "w"),
        ({}, "w" * 256),
        ({"worker": "w" * 256}, "w"),
    ],
)
def test_a_worker_costs_the_others_nothing_whatever_it_tells(registry, report, shown, name):
    report("other")
    report(name, **shown)
    producer = {"kind": "producer", "name": "p", "instance_id": "p:1", "host": "h", "version": "1"}
    told = HeartbeatBody.model_validate(producer | {"age": 1.0, "workers": registry.reports()})
    assert "other" in [one.name for one in told.workers]


def test_the_api_hears_at_once_of_a_worker_that_has_stopped(registry, report, urgent):
    report()
    assert urgent == []
    report(slots=0, draining=True, stopped=True)
    assert urgent == [1]
    assert [one["stopped"] for one in registry.reports()] == [True]
