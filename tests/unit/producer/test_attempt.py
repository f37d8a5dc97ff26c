# SPDX-License-Identifier: Apache-2.0
"""An attempt lets go of its slot and its lease, however it ends."""

import threading

import pytest

from faafo import errors
from faafo.fractal.task import FractalResult
from faafo.producer.attempt import Attempt
from faafo.producer.backlog import Backlog, Job
from faafo.producer.leases import Leases
from faafo.producer.registry import WorkerRegistry
from faafo.producer.results import ResultReporter


class Peers:
    """Stands for the API and for the canceller: records what they are asked for."""

    def __init__(self):
        self.released, self.failed, self.complete, self.cancelled = [], [], [], []

    def release(self, _claimed_by, leases, _fault=None):
        self.released += leases

    def fail(self, lease, fault):
        self.failed.append((lease, fault))

    def complete_all(self, _claimed_by, results):
        self.complete += [lease for lease, _result in results]
        return []

    def cancel(self, lease, worker):
        self.cancelled.append((lease, worker))


@pytest.fixture
def peers():
    return Peers()


@pytest.fixture
def registry():
    registry = WorkerRegistry("me", 60.0, lambda: None)
    registry.report({"worker": "w:1"}, "w", 2, 0, {}, "1.0")
    return registry


@pytest.fixture
def leases(peers):
    return Leases("me", peers, 60.0, 60.0, lambda *_: None, lambda *_: None)


@pytest.fixture
def results(peers, leases):
    return ResultReporter("me", peers, leases, threading.Event())


@pytest.fixture
def attempt(make_task, registry, leases, results, peers):
    job = Job.of({**make_task().model_dump(), "attempt": 1, "failures": 0})
    leases.add(job.lease)
    return Attempt(job, registry.acquire(), registry, leases, results, peers)


def has_let_go(registry, leases):
    return registry.free_slots() == 2 and leases.held() == []


@pytest.mark.parametrize("problem", [None, ValueError("a mistake"), SystemExit()])
def test_an_attempt_that_nothing_has_ended_is_released(attempt, registry, leases, peers, problem):
    def end():
        with attempt:
            if problem is not None:
                raise problem

    if problem is None:
        end()
    else:
        with pytest.raises(type(problem)):
            end()
    assert has_let_go(registry, leases)
    assert peers.released == [attempt.job.lease]


def test_a_complete_attempt_frees_its_slot_before_its_result_is_reported(
    attempt, registry, leases, results, peers
):
    uuid = attempt.job.lease.uuid
    result = FractalResult(uuid=uuid, checksum="0" * 64, duration=1, size=1, generated_by="w")
    with attempt:
        attempt.complete(result)
    assert registry.free_slots() == 2
    assert leases.held() == [attempt.job.lease]
    results.stop()
    results.run()
    assert has_let_go(registry, leases)
    assert peers.complete == [attempt.job.lease]
    assert peers.released == []


def test_a_failed_attempt_is_reported_once(attempt, registry, leases, peers):
    with attempt:
        attempt.fail(errors.RenderFailed("out of ideas"))
    assert has_let_go(registry, leases)
    assert [lease for lease, _fault in peers.failed] == [attempt.job.lease]
    assert peers.released == []


@pytest.mark.parametrize(
    ("problem", "cancelled"),
    [(errors.WorkerBusy("no slot is free"), 0), (errors.BrokerUnavailable("unreachable"), 1)],
)
def test_a_worker_that_refuses_is_full_until_its_next_report(
    attempt, registry, leases, peers, problem, cancelled
):
    with attempt:
        attempt.refuse(problem)
    assert leases.held() == []
    assert len(peers.cancelled) == cancelled
    assert peers.released == [attempt.job.lease]
    assert registry.free_slots() == 0


@pytest.mark.parametrize(
    ("problem", "free"),
    [
        (errors.WorkerLost("no heartbeat for 8 s"), 0),
        (errors.RenderTimeout("no result within 5 s"), 1),
    ],
)
def test_a_render_that_is_given_up_is_cancelled_and_keeps_its_slot(
    attempt, registry, leases, peers, problem, free
):
    with attempt:
        attempt.give_up(problem)
    assert leases.held() == []
    assert peers.cancelled == [(attempt.job.lease, "w")]
    assert registry.free_slots() == free
    assert peers.failed[0][1].endswith(str(problem))


def test_an_attempt_that_is_put_back_keeps_its_lease(attempt, registry, leases, peers):
    backlog = Backlog()
    with attempt:
        attempt.put_back(backlog)
    assert backlog.take() == attempt.job
    assert registry.free_slots() == 2
    assert leases.held() == [attempt.job.lease]
    assert peers.released == []
