# SPDX-License-Identifier: Apache-2.0
"""An assignment lets go of its slot and its leases, however it ends."""

import threading

import pytest

from faafo import errors
from faafo.fractal.task import FractalResult
from faafo.producer.assignment import Assignment
from faafo.producer.backlog import Backlog, Job
from faafo.producer.leases import Leases
from faafo.producer.registry import WorkerRegistry
from faafo.producer.results import ResultReporter
from tests.paces import pace_of


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
    return Leases("me", peers, pace_of(1.0, 60.0, 60.0), lambda *_: None, lambda *_: None)


@pytest.fixture
def results(peers, leases):
    return ResultReporter("me", peers, leases, threading.Event())


@pytest.fixture
def make_job(make_task, leases):
    def make():
        job = Job.of({**make_task().model_dump(), "attempt": 1, "failures": 0})
        leases.add(job.lease)
        return job

    return make


@pytest.fixture
def assignment(make_job, registry, leases, results, peers):
    return Assignment(make_job(), registry.acquire(), registry, leases, results, peers)


def make_result(job):
    uuid = job.lease.uuid
    return FractalResult(uuid=uuid, checksum="0" * 64, duration=1, size=1, generated_by="w")


def has_let_go(registry, leases):
    return registry.free_slots() == 2 and leases.held() == []


@pytest.mark.parametrize("problem", [None, ValueError("a mistake"), SystemExit()])
def test_jobs_that_nothing_has_ended_are_released(
    assignment, make_job, registry, leases, peers, problem
):
    assignment.add([make_job()])

    def end():
        with assignment:
            if problem is not None:
                raise problem

    if problem is None:
        end()
    else:
        with pytest.raises(type(problem)):
            end()
    assert has_let_go(registry, leases)
    assert peers.released == [job.lease for job in assignment.jobs]


def test_a_slot_is_free_before_the_results_are_reported(
    assignment, registry, leases, results, peers
):
    (job,) = assignment.jobs
    with assignment:
        assignment.complete(job, make_result(job))
    assert registry.free_slots() == 2
    assert leases.held() == [job.lease]
    results.stop()
    results.run()
    assert has_let_go(registry, leases)
    assert peers.complete == [job.lease]
    assert peers.released == []


def test_a_failure_is_reported_once(assignment, registry, leases, peers):
    (job,) = assignment.jobs
    with assignment:
        assignment.fail(job, errors.RenderFailed("out of ideas"))
    assert has_let_go(registry, leases)
    assert [lease for lease, _fault in peers.failed] == [job.lease]
    assert peers.released == []


@pytest.mark.parametrize(
    ("problem", "cancelled"),
    [(errors.WorkerBusy("no slot is free"), 0), (errors.BrokerUnavailable("unreachable"), 2)],
)
def test_a_worker_that_refuses_is_full_until_its_next_report(
    assignment, make_job, registry, leases, peers, problem, cancelled
):
    assignment.add([make_job()])
    with assignment:
        assignment.refuse(problem)
    assert leases.held() == []
    assert len(peers.cancelled) == cancelled
    assert peers.released == [job.lease for job in assignment.jobs]
    assert registry.free_slots() == 0


@pytest.mark.parametrize(
    ("problem", "free"),
    [
        (errors.WorkerLost("no heartbeat for 8 s"), 0),
        (errors.RenderTimeout("no result within 5 s"), 1),
    ],
)
def test_renders_that_are_given_up_are_cancelled_and_keep_their_slot(
    assignment, make_job, registry, leases, peers, problem, free
):
    assignment.add([make_job()])
    with assignment:
        assignment.give_up(problem)
        assert leases.held() == [job.lease for job in assignment.jobs]
    assert peers.cancelled == [(job.lease, "w") for job in assignment.jobs]
    assert registry.free_slots() == free


def test_jobs_that_are_put_back_keep_their_leases_and_their_order(
    assignment, make_job, registry, leases, peers
):
    backlog = Backlog()
    backlog.add(last := make_job())
    assignment.add([make_job(), make_job()])
    first, *others = assignment.jobs
    with assignment:
        assignment.complete(first, make_result(first))
        assignment.put_back(others, backlog)
    assert backlog.take_all() == [*others, last]
    assert registry.free_slots() == 2
    assert peers.released == []
