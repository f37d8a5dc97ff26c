# SPDX-License-Identifier: Apache-2.0
"""What a producer does with the batch of a lost worker."""

import threading

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.producer.backlog import Job
from faafo.producer.recovery import Recovery
from faafo.producer.registry import WorkerRegistry
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server
from faafo.worker.attempt import Renderer
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots

LOST = errors.WorkerLost("no heartbeat for 8 s")
INCARNATION = "0123456789abcdef"


@pytest.fixture
def registry():
    return WorkerRegistry("me", 60.0, lambda: None)


@pytest.fixture
def endpoint(store, warm_kernel):
    return WorkerEndpoint("w:1", Slots(lambda: 1), Renderer("w", store, Renders()), Cancellations())


@pytest.fixture
def workers(transport, endpoint, stop):
    """The client of a worker that takes batches."""
    server = Server(transport, contract.TASKS, "w", endpoint, threads=2)
    server.start(stop)
    assert server.wait_until_listening(60)
    yield WorkerClient(transport, "me", 30, 5)
    server.stop()


@pytest.fixture
def recovery(registry, workers, stop):
    return Recovery(registry, workers, 60.0, stop)


@pytest.fixture
def jobs(make_task):
    return [
        Job.of(
            {
                **make_task().model_dump(),
                "attempt": 1,
                "failures": 0,
                "token": f"{INCARNATION}-1",
            }
        )
        for _number in range(4)
    ]


def report(registry):
    registry.report({"worker": "w:1", "takes_batches": True}, "w", 1, 0, {}, "1.0")


def render(workers, jobs):
    return workers.process_all([job.leased_task() for job in jobs], "w", "w:1", 60.0)


@pytest.mark.parametrize("stored", [0, 1, 3])
def test_stored_images_are_found_and_only_the_task_after_them_has_failed(
    recovery, registry, workers, jobs, stored
):
    report(registry)
    rendered = render(workers, jobs[:stored]) if stored else []
    outcomes = recovery.outcomes(jobs, LOST)
    assert [one.checksum for one in outcomes[:stored]] == [one.checksum for one in rendered]
    assert outcomes[stored:] == [LOST] + [None] * (3 - stored)


def test_no_task_has_failed_if_all_images_are_stored(recovery, registry, workers, jobs):
    report(registry)
    rendered = render(workers, jobs)
    assert [one.checksum for one in recovery.outcomes(jobs, LOST)] == [
        one.checksum for one in rendered
    ]


def test_a_task_that_failed_before_a_stored_one_was_not_under_way(
    recovery, registry, workers, jobs
):
    report(registry)
    render(workers, [jobs[1]])
    outcomes = recovery.outcomes(jobs, LOST)
    assert outcomes[0] is None
    assert outcomes[2:] == [LOST, None]


def test_an_image_of_an_earlier_attempt_does_not_tell_how_far_the_batch_came(
    recovery, registry, workers, jobs
):
    report(registry)
    render(workers, [jobs[1]])
    again = Job(jobs[1].task, Lease(jobs[1].lease.uuid, 2, f"{INCARNATION}-2"), False)
    outcomes = recovery.outcomes([jobs[0], again, jobs[2]], LOST)
    assert outcomes[0] is LOST
    assert outcomes[1].image_token == f"{INCARNATION}-1"
    assert outcomes[2] is None


def test_another_worker_is_asked_if_one_cannot_read_the_store(
    registry, workers, transport, jobs, stop
):
    class Broken:
        target = contract.TASKS_SERVED

        def find_all(self, ctxt, tasks):
            problem = {"kind": "StoreUnavailable", "message": "images: stale file handle"}
            return [{"result": None, "error": problem}] * len(tasks)

    server = Server(transport, contract.TASKS, "broken", Broken(), threads=2)
    server.start(stop)
    assert server.wait_until_listening(60)
    registry.report({"worker": "b:1", "takes_batches": True}, "broken", 1, 0, {}, "1.0")
    report(registry)
    assert Recovery(registry, workers, 60.0, stop).outcomes(jobs, LOST)[0] is LOST
    server.stop()


def test_a_task_alone_has_failed_whether_or_not_a_worker_is_there(recovery, jobs):
    assert recovery.outcomes(jobs[:1], LOST) == [LOST]


def test_the_search_waits_for_a_worker(recovery, registry, jobs):
    found = []
    searching = threading.Thread(target=lambda: found.append(recovery.outcomes(jobs, LOST)))
    searching.start()
    report(registry)
    searching.join(60)
    assert found == [[LOST, None, None, None]]


def test_without_a_worker_no_failure_is_counted(registry, workers, jobs, stop):
    outcomes = Recovery(registry, workers, 0.0, stop).outcomes(jobs, LOST)
    assert [type(one) for one in outcomes] == [errors.RenderCancelled] * 4


def test_a_drain_ends_the_search(registry, workers, jobs, stop):
    stop.set()
    outcomes = Recovery(registry, workers, 3600.0, stop).outcomes(jobs, LOST)
    assert [type(one) for one in outcomes] == [errors.RenderCancelled] * 4


def test_a_store_that_cannot_be_read_is_asked_again(
    registry, workers, endpoint, jobs, stop, monkeypatch
):
    report(registry)
    problems = [errors.StoreUnavailable("images: stale file handle")]
    find = Renderer.find

    def find_later(self, task, tokens):
        if problems:
            raise problems.pop()
        return find(self, task, tokens)

    monkeypatch.setattr(Renderer, "find", find_later)
    assert Recovery(registry, workers, 60.0, stop).outcomes(jobs, LOST)[0] == LOST
    assert problems == []
