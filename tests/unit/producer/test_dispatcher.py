"""The dispatcher, between a real API and workers on a broker in memory."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from faafo import errors
from faafo.client.http import Client
from faafo.db import fractals
from faafo.producer.dispatcher import Dispatcher, Pace
from faafo.producer.workers import WorkerRegistry
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server, expected_exceptions
from faafo.worker.endpoint import Slots, WorkerEndpoint

PACE = Pace(claim_interval=0.05, lease_duration=5.0, drain_timeout=5.0)


class Failing:
    """A worker's endpoint that raises what it is given, and then renders."""

    def __init__(self, renderer, *problems):
        self._renderer = renderer
        self._problems = list(problems)

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt, task):
        if self._problems:
            raise self._problems.pop(0)
        return self._renderer.process(ctxt, task)


class Stuck:
    """A worker's endpoint that renders nothing until it is let go."""

    def __init__(self, renderer, let_go):
        self.called = threading.Event()
        self._renderer = renderer
        self._let_go = let_go

    def process(self, ctxt, task):
        self.called.set()
        self._let_go.wait(20)
        return self._renderer.process(ctxt, task)


@pytest.fixture
def renderer(store):
    return WorkerEndpoint("w", Slots(2), store, threading.Event())


@pytest.fixture
def client(api_url):
    return Client(api_url)


@pytest.fixture
def run_dispatcher(client, transport, stop):
    """Runs a dispatcher and a worker with the given endpoint until the block ends."""

    @contextmanager
    def run(endpoint, slots=2, pace=PACE):
        wake = threading.Event()
        registry = WorkerRegistry("me", 60.0, wake.set)
        worker = Server(transport, contract.TASKS, "w", endpoint, threads=4)
        worker.start(stop)
        assert worker.wait_until_listening(10)
        registry.report({}, "w", slots, 0, {}, "1.0")
        done = threading.Event()
        dispatcher = Dispatcher(
            "me", client, registry, WorkerClient(transport, "me", 30, 5), pace, wake
        )
        thread = threading.Thread(target=dispatcher.run, args=(done,))
        thread.start()

        def finish():
            done.set()
            wake.set()
            thread.join()

        try:
            yield SimpleNamespace(registry=registry, finish=finish)
        finally:
            finish()
            worker.stop()

    return run


def test_what_is_queued_is_rendered_and_recorded(
    run_dispatcher, renderer, client, store, make_task, wait_until
):
    uuids = [client.create(make_task())["uuid"] for _ in range(7)]
    with run_dispatcher(renderer):
        wait_until(lambda: all(client.get(u)["status"] == "complete" for u in uuids))
    record = client.get(uuids[0])
    assert record["attempt"] == 1
    assert record["generated_by"] == "w"
    assert record["size"] == len(store.load(uuids[0]))


def test_nothing_is_claimed_without_a_free_slot(run_dispatcher, renderer, client, make_task):
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(renderer, slots=0):
        pass
    assert client.get(uuid)["status"] == "queued"
    assert client.get(uuid)["attempt"] == 0


def test_a_failed_attempt_is_made_again_and_its_fault_forgotten(
    run_dispatcher, renderer, client, conf, make_task, wait_until
):
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(Failing(renderer, errors.RenderFailed("out of ideas"))):
        wait_until(lambda: client.get(uuid)["fault"] == "out of ideas")
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert client.get(uuid)["fault"] is None
    assert client.get(uuid)["attempt"] == 2


def test_an_unexpected_error_of_a_worker_is_a_fault_a_person_can_read(
    run_dispatcher, client, make_task, wait_until
):
    endpoint = WorkerEndpoint("w", Slots(1), None, threading.Event())
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint):
        wait_until(lambda: client.get(uuid)["fault"])
    assert client.get(uuid)["fault"].startswith("AttributeError: 'NoneType' object has no")


@pytest.mark.parametrize(
    "problem",
    [
        errors.WorkerBusy("full"),
        errors.StoreUnavailable("disk full"),
        errors.RenderCancelled("stopping"),
        errors.BrokerUnavailable("away"),
    ],
)
def test_what_is_no_fault_of_the_fractal_is_not_held_against_it(
    run_dispatcher, renderer, client, session, make_task, wait_until, problem
):
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(Failing(renderer, problem)) as running:
        wait_until(lambda: client.get(uuid)["attempt"] == 1)
        wait_until(lambda: client.get(uuid)["status"] == "queued")
        running.registry.report({}, "w", 2, 0, {}, "1.0")
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert fractals.get(session, uuid).failures == 0


def test_a_lease_is_renewed_while_a_render_runs(
    run_dispatcher, renderer, client, make_task, wait_until
):
    let_go = threading.Event()
    endpoint = Stuck(renderer, let_go)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, pace=Pace(0.05, 1.0, 10.0)):
        assert endpoint.called.wait(10)
        # Longer than the lease: without renewal the claim below would get the fractal.
        assert not threading.Event().wait(1.5)
        assert client.claim("thief", 1, 5.0) == []
        let_go.set()
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert client.get(uuid)["attempt"] == 1


def test_what_is_unfinished_at_the_end_is_queued_again_at_once(
    run_dispatcher, renderer, client, make_task
):
    let_go = threading.Event()
    endpoint = Stuck(renderer, let_go)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, pace=Pace(0.05, 60.0, 0.1)) as running:
        assert endpoint.called.wait(10)
        running.finish()
        assert [claimed["uuid"] for claimed in client.claim("next", 1, 5.0)] == [uuid]
        let_go.set()


def test_a_mistake_of_ours_is_a_failure_and_keeps_nothing(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch
):
    def mistaken(*_arguments):
        raise LookupError("a mistake")

    uuid = client.create(make_task())["uuid"]
    monkeypatch.setattr(WorkerClient, "process", mistaken)
    with run_dispatcher(renderer):
        wait_until(lambda: client.get(uuid)["fault"] == "LookupError: a mistake")
        monkeypatch.undo()
        wait_until(lambda: client.get(uuid)["status"] == "complete")
