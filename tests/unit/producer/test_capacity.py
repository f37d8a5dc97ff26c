# SPDX-License-Identifier: Apache-2.0
"""What a producer claims for workers that know different drawing parameters."""

import pytest

from faafo.producer.backlog import Backlog, Job
from faafo.producer.capacity import Group, Waiting, shares
from faafo.producer.registry import WorkerRegistry

OLD, NEW = {}, {"parameters": 5}


@pytest.fixture
def registry():
    return WorkerRegistry("me", report_timeout=60.0, changed=lambda: None)


@pytest.fixture
def backlog():
    return Backlog()


@pytest.fixture
def add(backlog, make_task):
    def add(failures=0, **changes):
        job = Job.of({**make_task(**changes).model_dump(), "attempt": 1, "failures": failures})
        backlog.add(job)
        return job

    return add


def report(registry, server, slots, known, busy=0):
    registry.report({"worker": server, **known}, server, slots, busy, {"other": busy}, "1.0")


def test_nothing_is_claimed_without_workers(registry, backlog):
    assert shares(registry.groups(), backlog) == []


def test_one_claim_is_made_when_all_workers_know_the_same(registry, backlog):
    report(registry, "a", 2, NEW)
    report(registry, "b", 3, NEW | {"parameters": 9})
    assert shares(registry.groups(), backlog) == [(5, 5)]


def test_workers_of_the_release_before_get_claims_of_their_own(registry, backlog):
    report(registry, "new", 2, NEW)
    report(registry, "old", 3, OLD)
    assert shares(registry.groups(), backlog) == [(5, 2), (1, 3)]


def test_only_what_free_slots_can_draw_is_claimed(registry, backlog):
    report(registry, "new", 2, NEW, busy=2)
    report(registry, "old", 1, {"parameters": "two"})
    assert registry.groups() == [Group(5, 0, 2), Group(1, 1, 1)]
    assert shares(registry.groups(), backlog) == [(1, 1)]


@pytest.mark.parametrize("failures", [0, 2])
def test_what_waits_for_a_new_worker_keeps_no_old_one_from_work(registry, backlog, add, failures):
    report(registry, "new", 1, NEW, busy=1)
    report(registry, "old", 1, OLD)
    later, plain = add(failures, formula="z3"), add()
    assert backlog.take(1) == plain
    assert backlog.take(1) is None
    assert shares(registry.groups(), backlog) == [(1, 1)]
    assert backlog.take(2) == later


def test_a_batch_passes_over_what_its_worker_cannot_draw(backlog, add):
    later, *plain = add(samples=2), add(), add()
    assert backlog.take_small(10, 1, known=1) == plain
    assert backlog.take_all(beyond=1) == [later]


def test_a_worker_that_knows_enough_is_taken_and_the_later_one_spared(registry):
    report(registry, "new", 4, NEW)
    report(registry, "old", 1, OLD)
    taken = [registry.acquire(), registry.acquire(parameters=2), registry.acquire()]
    assert [(slot.worker, slot.parameters) for slot in taken] == [
        ("old", 1),
        ("new", 5),
        ("new", 5),
    ]


def test_no_slot_of_an_old_worker_is_taken_for_later_parameters(registry):
    report(registry, "old", 4, OLD)
    assert registry.acquire(parameters=2) is None


def test_a_worker_that_knows_less_is_told_once(registry, caplog):
    for _ in range(2):
        report(registry, "old", 1, OLD)
        report(registry, "new", 1, NEW)
    assert [text for text in caplog.messages if "drawing parameters" in text] == [
        "worker old (faafo 1.0) knows version 1 of the drawing parameters: fractals of version 4 "
        "wait for other workers"
    ]


def test_the_api_is_asked_for_what_a_free_slot_can_draw():
    asked = []

    class Api:
        def wait_for_claimable(self, seconds, parameters):
            asked.append((seconds, parameters))
            return True

    waiting = Waiting(Api())
    waiting.version = 2
    assert waiting.wait_for_claimable(20.0)
    assert asked == [(20.0, 2)]


def test_the_api_is_told_what_workers_know(registry):
    report(registry, "new", 1, NEW)
    report(registry, "old", 1, OLD)
    assert [one["report"] for one in registry.reports()] == [{"parameters": 5}, {}]
