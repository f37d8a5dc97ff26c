# SPDX-License-Identifier: Apache-2.0
"""The dispatcher, between a real API and workers on a broker in memory."""

import re
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import requests
from sqlalchemy import update

from faafo import errors
from faafo.client.http import Client
from faafo.db import fractals
from faafo.db.models import Fractal
from faafo.fractal.lease import Lease
from faafo.producer import drain, worker_state
from faafo.producer.backlog import Job
from faafo.producer.dispatcher import Dispatcher
from faafo.producer.registry import WorkerRegistry
from faafo.producer.runner import Runner
from faafo.render import image
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server, expected_exceptions
from faafo.worker.attempt import Renderer
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots
from tests.paces import pace_of

PACE = pace_of(0.05, 60.0, 0.2, 60.0)


class Failing:
    """A worker's endpoint that raises the given errors, one a call, and then renders."""

    target = contract.TASKS_SERVED

    def __init__(self, renderer, *problems):
        self._renderer = renderer
        self._problems = list(problems)

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt, task):
        if self._problems:
            raise self._problems.pop(0)
        return self._renderer.process(ctxt, task)


class Stuck:
    """A worker's endpoint whose renders wait until ``proceed`` is set, or until cancelled.

    :param longest: seconds that a render waits at most.
    """

    target = contract.TASKS_SERVED

    def __init__(self, renderer, proceed, longest=60.0):
        self.called = threading.Event()
        self.cancelled = []
        self._renderer = renderer
        self._proceed = proceed
        self._longest = longest

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt, task):
        self.called.set()
        self._proceed.wait(self._longest)
        if self.cancelled:
            raise errors.RenderCancelled("cancelled")
        return self._renderer.process(ctxt, task)

    def cancel(self, ctxt, uuid):
        self.cancelled.append((uuid, ctxt["attempt"], ctxt["producer"]))
        self._proceed.set()


def make_endpoint(instance_id, slots, store):
    return WorkerEndpoint(instance_id, slots, Renderer("w", store, Renders()), Cancellations())


@pytest.fixture
def renderer(store, warm_kernel):
    return make_endpoint("w:1", Slots(lambda: 2), store)


@pytest.fixture
def client(api_url):
    return Client(api_url)


@pytest.fixture
def run_dispatcher(client, transport, stop):
    """Runs a dispatcher and a worker with the given endpoint until the block ends."""

    @contextmanager
    def run(
        endpoint,
        slots=2,
        pace=PACE,
        instance_id="w:1",
        render_timeout=30,
        silence_timeout=5,
        is_disabled=lambda: False,
    ):
        wake = threading.Event()
        registry = WorkerRegistry("me", 60.0, wake.set)
        worker = Server(transport, contract.TASKS, "w", endpoint, threads=4)
        worker.start(stop)
        assert worker.wait_until_listening(60)
        registry.report({"worker": instance_id}, "w", slots, 0, {}, "1.0")
        done, forced = threading.Event(), threading.Event()
        workers = WorkerClient(transport, "me", render_timeout, silence_timeout)
        ours = Dispatcher("me", client, registry, workers, pace, wake, is_disabled=is_disabled)
        thread = threading.Thread(target=ours.run, args=(done, forced))
        thread.start()

        def finish():
            done.set()
            wake.set()
            thread.join()

        try:
            yield SimpleNamespace(
                registry=registry, finish=finish, dispatcher=ours, done=done, forced=forced
            )
        finally:
            finish()
            worker.stop()

    return run


def test_queued_fractals_are_rendered_and_recorded(
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


def test_a_disabled_producer_finishes_what_has_begun_and_releases_the_rest(
    run_dispatcher, renderer, client, make_task, wait_until
):
    proceed, disabled = threading.Event(), threading.Event()
    endpoint = Stuck(renderer, proceed)
    uuids = [client.create(make_task())["uuid"] for _ in range(4)]
    with run_dispatcher(endpoint, slots=1, is_disabled=disabled.is_set) as running:
        assert endpoint.called.wait(60)
        disabled.set()
        proceed.set()
        wait_until(lambda: client.get(uuids[0])["status"] == "complete")
        wait_until(lambda: running.dispatcher.load()["leases"] == 0)
        assert {client.get(one)["status"] for one in uuids[1:]} == {"queued"}
        disabled.clear()
        wait_until(lambda: client.get(uuids[3])["status"] == "complete")
        assert running.dispatcher.load()["done"] == 4


def test_a_failed_attempt_is_repeated_and_its_fault_removed(
    run_dispatcher, renderer, client, conf, make_task, wait_until
):
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(Failing(renderer, errors.RenderFailed("out of ideas"))):
        wait_until(lambda: client.get(uuid)["fault"])
        fault = client.get(uuid)["fault"]
        assert re.fullmatch(
            r"attempt 1 failed on worker w at 20\d\d-\d\d-\d\dT[\d:]+Z: the render failed; .*",
            fault,
        )
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert client.get(uuid)["fault"] is None
    assert client.get(uuid)["attempt"] == 2


def test_an_unexpected_error_of_a_worker_is_a_fault_a_person_can_read(
    run_dispatcher, client, make_task, wait_until
):
    endpoint = make_endpoint("w:1", Slots(lambda: 1), None)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint):
        wait_until(lambda: client.get(uuid)["fault"])
    assert ": the render failed with AttributeError; the logs have" in client.get(uuid)["fault"]


@pytest.mark.parametrize(
    "problem",
    [
        errors.WorkerBusy("full"),
        errors.StoreUnavailable("disk full"),
        errors.RenderCancelled("stopping"),
        errors.BrokerUnavailable("unavailable"),
    ],
)
def test_an_error_that_the_fractal_did_not_cause_is_not_counted_as_a_failure(
    run_dispatcher, renderer, client, session, make_task, wait_until, problem
):
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(Failing(renderer, problem)) as running:

        def is_complete_after_a_report():
            running.registry.report({"worker": "w:1"}, "w", 2, 0, {}, "1.0")
            return client.get(uuid)["status"] == "complete"

        wait_until(is_complete_after_a_report)
    assert client.get(uuid)["attempt"] == 2
    assert fractals.get(session, uuid).failures == 0


class Recording:
    """A worker's endpoint that is slow, and records how many are complete when it is called."""

    target = contract.TASKS_SERVED

    def __init__(self, renderer, client, uuids):
        self.complete = {}
        self._uuids = uuids
        self._renderer = renderer
        self._client = client

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt, task):
        statuses = [record["status"] for record in self._client.get_all(self._uuids)]
        self.complete[task["uuid"]] = statuses.count("complete")
        threading.Event().wait(0.3)
        return self._renderer.process(ctxt, task)


def test_a_quarantined_fractal_in_our_own_process_starts_after_all_results_are_reported(
    run_dispatcher, store, warm_kernel, client, session, make_task, wait_until
):
    renderer = make_endpoint("me", Slots(lambda: 3), store)
    uuids = [client.create(make_task())["uuid"] for _ in range(3)]
    session.execute(update(Fractal).where(Fractal.uuid == uuids[2]).values(failures=2))
    session.commit()
    endpoint = Recording(renderer, client, uuids)
    with run_dispatcher(endpoint, slots=3, instance_id="me"):
        wait_until(lambda: client.get(uuids[2])["status"] == "complete")
    assert endpoint.complete[uuids[2]] == 2


def test_a_job_that_was_claimed_behind_a_quarantined_one_does_not_keep_it_from_starting(
    run_dispatcher, warm_kernel, store, client, session, make_task, wait_until
):
    renderer = make_endpoint("me", Slots(lambda: 2), store)
    behind = client.create(make_task())["uuid"]
    (record,) = client.claim("me", 1, 60)
    with run_dispatcher(renderer, slots=0, instance_id="me") as running:
        running.dispatcher._leases.add(Lease.of(record))
        quarantined = client.create(make_task())["uuid"]
        session.execute(update(Fractal).where(Fractal.uuid == quarantined).values(failures=2))
        session.commit()
        running.registry.report({"worker": "me"}, "w", 2, 0, {}, "1.0")
        wait_until(lambda: client.get(quarantined)["status"] == "rendering")
        running.dispatcher._backlog.add(Job.of(record))
        for uuid in (quarantined, behind):
            wait_until(lambda uuid=uuid: client.get(uuid)["status"] == "complete")


def test_a_lease_is_renewed_while_a_render_runs(
    run_dispatcher, renderer, client, session, make_task, wait_until
):
    proceed = threading.Event()
    endpoint = Stuck(renderer, proceed)
    uuid = client.create(make_task())["uuid"]

    def end_of_lease():
        session.expire_all()
        return fractals.get(session, uuid).lease_expires_at

    with run_dispatcher(endpoint):
        assert endpoint.called.wait(60)
        first = end_of_lease()
        wait_until(lambda: end_of_lease() > first, "a renewal")
        proceed.set()
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert client.get(uuid)["attempt"] == 1


@pytest.mark.parametrize("rows_done", [0, -1, "many", 2**40])
def test_no_progress_of_one_render_keeps_the_leases_of_all_from_being_renewed(
    run_dispatcher, renderer, client, session, make_task, wait_until, rows_done
):
    let_go = threading.Event()
    uuids = [client.create(make_task())["uuid"] for _ in range(2)]
    endpoint = Stuck(renderer, let_go)

    def ends_of_leases():
        session.expire_all()
        return [fractals.get(session, uuid).lease_expires_at for uuid in uuids]

    with run_dispatcher(endpoint) as running:
        wait_until(lambda: all(ends_of_leases()), "both claims")
        told = {"worker": "w:1", "rows_done": {uuids[0]: rows_done}}
        running.registry.report(told, "w", 2, 0, {}, "1.0")
        # One renewal may have been under way when the report came.
        for _ in range(2):
            before = ends_of_leases()
            wait_until(lambda known=before: min(ends_of_leases()) > max(known), "a renewal")
        let_go.set()
        wait_until(lambda: all(client.get(uuid)["status"] == "complete" for uuid in uuids))
    assert [client.get(uuid)["failures"] for uuid in uuids] == [0, 0]


def test_renders_that_outlast_the_drain_are_cancelled_and_queued_again_at_once(
    run_dispatcher, renderer, client, make_task
):
    endpoint = Stuck(renderer, threading.Event())
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, pace=pace_of(0.05, 60.0, 0.2, 0.1)) as running:
        assert endpoint.called.wait(60)
        running.finish()
        assert endpoint.cancelled == [(uuid, 1, "me")]
        assert [claimed["uuid"] for claimed in client.claim("next", 1, 5.0)] == [uuid]


def test_a_forced_drain_releases_what_is_rendered_without_a_failure(
    run_dispatcher, renderer, client, make_task
):
    endpoint = Stuck(renderer, threading.Event())
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, pace=pace_of(0.05, 60.0, 0.2, 3600.0)) as running:
        assert endpoint.called.wait(60)
        running.done.set()
        running.forced.set()
        running.finish()
        assert endpoint.cancelled == [(uuid, 1, "me")]
        assert client.get(uuid)["failures"] == 0
        assert [claimed["uuid"] for claimed in client.claim("next", 1, 5.0)] == [uuid]


def test_a_result_is_reported_to_an_api_that_recovers_during_the_drain(
    run_dispatcher, renderer, client, make_task, monkeypatch
):
    uuid = client.create(make_task())["uuid"]
    complete_all = Client.complete_all
    refused = threading.Event()

    def refuse_once(self, claimed_by, results):
        if not refused.is_set():
            refused.set()
            raise errors.ApiUnavailable("unavailable")
        return complete_all(self, claimed_by, results)

    monkeypatch.setattr(Client, "complete_all", refuse_once)
    with run_dispatcher(renderer, pace=pace_of(0.05, 60.0, 0.2, 0.1)) as running:
        assert refused.wait(60)
        running.finish()
    assert client.get(uuid)["status"] == "complete"
    assert client.get(uuid)["attempt"] == 1


def test_a_render_that_cannot_be_cancelled_is_queued_again_all_the_same(
    run_dispatcher, renderer, client, make_task, monkeypatch
):
    monkeypatch.setattr(drain, "CANCEL_SECONDS", 0.1)
    proceed = threading.Event()
    endpoint = Stuck(renderer, proceed)
    monkeypatch.setattr(endpoint, "cancel", lambda ctxt, uuid: None)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, pace=pace_of(0.05, 60.0, 0.2, 0.1)) as running:
        assert endpoint.called.wait(60)
        running.finish()
        assert [claimed["uuid"] for claimed in client.claim("next", 1, 5.0)] == [uuid]
        proceed.set()


def test_the_render_of_a_deleted_fractal_is_cancelled_and_its_slot_is_free_again(
    run_dispatcher, renderer, client, api_url, make_task, wait_until
):
    endpoint = Stuck(renderer, threading.Event())
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, slots=1) as running:
        assert endpoint.called.wait(60)
        requests.delete(f"{api_url}/api/fractal/{uuid}", timeout=60)
        wait_until(lambda: endpoint.cancelled == [(uuid, 1, "me")])
        running.registry.report({"worker": "w:1"}, "w", 1, 0, {}, "1.0")
        wait_until(lambda: running.registry.free_slots() == 1)


def test_the_image_of_a_fractal_that_is_deleted_too_late_to_cancel_is_deleted_as_well(
    run_dispatcher, renderer, client, api_url, store, make_task, wait_until, monkeypatch
):
    uuid = client.create(make_task())["uuid"]
    complete_all = Client.complete_all
    done = threading.Event()

    def delete_first(self, claimed_by, results):
        ((lease, result),) = results
        assert store.load(uuid, result.image_token)
        requests.delete(f"{api_url}/api/fractal/{uuid}", timeout=60)
        slower = b"as if the worker had been a little slower"
        store.save(uuid, slower, token=result.image_token)
        try:
            return complete_all(self, claimed_by, [(lease, result)])
        finally:
            done.set()

    monkeypatch.setattr(Client, "complete_all", delete_first)
    with run_dispatcher(renderer):
        assert done.wait(60)
    assert list(store.images(age=-1)) == []


def test_a_quarantined_fractal_is_rendered_with_nothing_beside_it(
    run_dispatcher, renderer, client, make_task, wait_until
):
    contexts = []

    class Watched(Failing):
        @expected_exceptions(errors.FaafoError)
        def process(self, ctxt, task):
            contexts.append(ctxt)
            if len(contexts) <= 2:
                raise errors.RenderFailed("no")
            return renderer.process(ctxt, task)

    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(Watched(renderer)) as running:
        wait_until(lambda: client.get(uuid)["status"] == "complete")
        assert [ctxt["alone"] for ctxt in contexts] == [False, False, True]
        assert [ctxt["attempt"] for ctxt in contexts] == [1, 2, 3]
        wait_until(lambda: running.registry.free_slots() == 2)


def test_an_image_that_could_not_be_stored_has_a_fault_but_counts_no_failure(
    run_dispatcher, renderer, client, make_task, wait_until, caplog
):
    caplog.set_level("INFO")
    uuid = client.create(make_task())["uuid"]
    problem = errors.StoreUnavailable("images: No space left on device")
    with run_dispatcher(Failing(renderer, problem)):
        wait_until(lambda: client.get(uuid)["fault"])
    record = client.get(uuid)
    assert record["fault"].endswith(": the image store cannot be used; the logs have the details")
    assert (record["status"], record["failures"]) == ("queued", 0)
    assert "No space left on device" in caplog.text


def test_an_unexpected_error_of_the_producer_is_a_failure_and_frees_the_slot(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch
):
    def mistaken(*_arguments):
        raise LookupError("a mistake")

    uuid = client.create(make_task())["uuid"]
    monkeypatch.setattr(WorkerClient, "process", mistaken)
    with run_dispatcher(renderer):
        wait_until(lambda: "the attempt failed with LookupError;" in str(client.get(uuid)["fault"]))
        monkeypatch.undo()
        wait_until(lambda: client.get(uuid)["status"] == "complete")


def test_a_drain_with_a_backlog_ends_while_the_api_is_unavailable(
    run_dispatcher, renderer, client, make_task, monkeypatch
):
    monkeypatch.setattr(drain, "CANCEL_SECONDS", 0.1)
    requests = []

    def refuse(_self, _method, path, *_arguments, **_options):
        requests.append(path)
        raise errors.ApiUnavailable("unavailable")

    endpoint = Stuck(renderer, threading.Event())
    client.create(make_task())
    with run_dispatcher(endpoint, pace=pace_of(0.05, 60.0, 60.0, 0.1)) as running:
        assert endpoint.called.wait(10)
        job = Job.of({**make_task().model_dump(), "attempt": 1, "failures": 0})
        running.dispatcher._leases.add(job.lease)
        running.dispatcher._backlog.add(job)
        monkeypatch.setattr(Client, "_request", refuse)
        draining = threading.Thread(target=running.finish)
        draining.start()
        draining.join(20)
        assert not draining.is_alive()
    assert len(requests) < 10


def test_a_record_that_cannot_be_parsed_fails_and_the_others_are_rendered(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch
):
    uuids = [client.create(make_task())["uuid"] for _ in range(3)]
    claim = Client.claim

    def claim_from_the_future(self, *arguments):
        records = claim(self, *arguments)
        return [
            record | ({"palette": "infrared"} if record["uuid"] == uuids[1] else {})
            for record in records
        ]

    monkeypatch.setattr(Client, "claim", claim_from_the_future)
    with run_dispatcher(renderer, slots=3):
        wait_until(lambda: client.get(uuids[1])["fault"], "the fault")
        wait_until(
            lambda: all(client.get(uuid)["status"] == "complete" for uuid in uuids[::2]),
            "the others",
        )
    record = client.get(uuids[1])
    assert record["failures"] >= 1
    assert "palette" in record["fault"]
    assert "on producer me" in record["fault"]


@pytest.mark.parametrize(
    "change",
    [
        lambda _record: None,
        lambda _record: "rendering",
        lambda record: {**record, "attempt": None},
        lambda record: {**record, "uuid": [record["uuid"]]},
        lambda record: {**record, "token": 1},
        lambda record: {name: value for name, value in record.items() if name != "uuid"},
    ],
)
def test_a_record_without_a_lease_does_not_keep_the_others_from_being_rendered(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch, caplog, change
):
    uuids = [client.create(make_task())["uuid"] for _ in range(3)]
    claim, changed = Client.claim, []

    def claim_oddly(self, *arguments):
        records = claim(self, *arguments)
        changed.extend(records[1:2])
        return [change(one) if one in changed else one for one in records]

    monkeypatch.setattr(Client, "claim", claim_oddly)
    with run_dispatcher(renderer, slots=3):
        wait_until(lambda: [client.get(uuid)["attempt"] for uuid in uuids] == [1, 1, 1])
        wait_until(
            lambda: all(client.get(uuid)["status"] == "complete" for uuid in uuids[::2]),
            "the others",
        )
    assert client.get(uuids[1])["status"] == "rendering"
    assert "a fractal that was claimed is left to its lease" in caplog.text


def test_an_unexpected_error_before_a_claim_does_not_end_the_dispatcher(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch, caplog
):
    start_jobs, failed = Runner.start_jobs, []

    def fail_once(self):
        if not failed:
            failed.append(True)
            raise LookupError("a mistake")
        start_jobs(self)

    monkeypatch.setattr(Runner, "start_jobs", fail_once)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(renderer):
        wait_until(lambda: client.get(uuid)["status"] == "complete")
    assert "could not dispatch" in caplog.text


def test_jobs_for_which_no_thread_can_be_started_are_released_and_rendered_later(
    run_dispatcher, renderer, client, session, make_task, wait_until, monkeypatch
):
    start, refused = threading.Thread.start, []

    def refuse_twice(thread):
        if thread.name == "job" and len(refused) < 2:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_twice)
    uuids = [client.create(make_task())["uuid"] for _ in range(3)]
    with run_dispatcher(renderer) as running:
        wait_until(lambda: all(client.get(uuid)["status"] == "complete" for uuid in uuids))
        wait_until(lambda: running.registry.free_slots() == 2, "both slots")
    assert len(refused) == 2
    assert [fractals.get(session, uuid).failures for uuid in uuids] == [0, 0, 0]


def test_a_render_that_takes_too_long_is_cancelled_and_its_fault_says_so(
    run_dispatcher, renderer, client, make_task, wait_until
):
    # On a busy machine call and cancellation may arrive together, and wait for the same thread.
    endpoint = Stuck(renderer, threading.Event(), longest=10.0)
    uuid = client.create(make_task())["uuid"]
    with run_dispatcher(endpoint, slots=1, render_timeout=0.5):
        wait_until(lambda: client.get(uuid)["fault"], "the fault")
        wait_until(lambda: (uuid, 1, "me") in endpoint.cancelled, "the cancellation")
    assert client.get(uuid)["fault"].endswith(": no result within 0.5 s (render_timeout)")
    assert client.get(uuid)["attempt"] == 1


def test_a_broker_that_takes_no_cancellation_does_not_keep_leases_from_being_renewed(
    run_dispatcher, renderer, client, session, api_url, make_task, wait_until, monkeypatch
):
    proceed, endpoint = threading.Event(), Stuck(renderer, threading.Event())
    monkeypatch.setattr(WorkerClient, "cancel", lambda *_arguments: proceed.wait())
    lost, kept = (client.create(make_task())["uuid"] for _ in range(2))

    def end_of_lease():
        session.expire_all()
        return fractals.get(session, kept).lease_expires_at

    with run_dispatcher(endpoint, pace=pace_of(0.05, 60.0, 0.2, 0.1)):
        wait_until(end_of_lease, "the claim")
        requests.delete(f"{api_url}/api/fractal/{lost}", timeout=60)
        for _ in range(3):
            before = end_of_lease()
            wait_until(lambda known=before: end_of_lease() > known, "a renewal")
        proceed.set()
        endpoint._proceed.set()


class Counting:
    """A worker's endpoint that counts the tasks of each call, and is lost in the first batch."""

    target = contract.TASKS_SERVED

    def __init__(self, renderer, lost_after=None):
        self.calls = []
        self._renderer = renderer
        self._lost_after = lost_after

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt, task):
        self.calls.append(1)
        return self._renderer.process(ctxt, task)

    @expected_exceptions(errors.FaafoError)
    def process_all(self, ctxt, tasks):
        self.calls.append(len(tasks))
        stored, self._lost_after = self._lost_after, None
        if stored is None:
            return self._renderer.process_all(ctxt, tasks)
        self._renderer.process_all(ctxt, tasks[:stored])
        self.lost = tasks[stored]["task"]["uuid"]
        raise errors.WorkerLost("as if this worker had been killed")

    def find_all(self, ctxt, tasks):
        return self._renderer.find_all(ctxt, tasks)


BATCHES = {"worker": "w:1", "takes_batches": True}


def test_small_fractals_travel_in_batches_and_large_ones_alone(
    run_dispatcher, renderer, client, make_task, wait_until, monkeypatch
):
    # A machine that does much else may take a second for each.
    monkeypatch.setattr(worker_state, "AHEAD_SECONDS", 60.0)
    tasks = [make_task() for _number in range(60)]
    large = make_task(width=4000, height=4000)
    assert not Job.of({**large.model_dump(), "attempt": 1, "failures": 0}).is_small
    endpoint = Counting(renderer)
    patient = {"render_timeout": 300, "silence_timeout": 60}
    with run_dispatcher(endpoint, slots=0, **patient) as running:
        client.create_all([*tasks[:30], large, *tasks[30:]])
        running.registry.report(BATCHES, "w", 2, 0, {}, "1.0")
        wait_until(lambda: client.get(tasks[-1].uuid)["status"] == "complete")
        wait_until(lambda: client.get(large.uuid)["status"] == "complete")
    records = client.get_all([task.uuid for task in [*tasks, large]])
    assert {(one["status"], one["attempt"]) for one in records} == {("complete", 1)}
    # What a batch had no time to begin, on a slow machine, is sent again.
    assert sum(endpoint.calls) >= 61
    assert max(endpoint.calls) > 1


def fail(_outcomes):
    raise errors.RenderFailed("a mistake")


class Odd(Counting):
    """A worker's endpoint whose first batch is answered with what ``change`` makes of it."""

    def __init__(self, renderer, change):
        super().__init__(renderer)
        self._change = change

    @expected_exceptions(errors.FaafoError)
    def process_all(self, ctxt, tasks):
        change, self._change = self._change, None
        outcomes = super().process_all(ctxt, tasks)
        return outcomes if change is None else change(outcomes)


@pytest.mark.parametrize(
    "change",
    [
        lambda _outcomes: None,
        lambda _outcomes: {"result": 1},
        lambda outcomes: outcomes[:-1],
        lambda outcomes: [*outcomes, outcomes[0]],
        fail,
    ],
    ids=["null", "object", "short", "long", "error"],
)
def test_a_batch_without_a_whole_answer_costs_no_failure_of_what_is_stored(
    run_dispatcher, renderer, client, make_task, wait_until, change
):
    tasks = [make_task() for _number in range(60)]
    with run_dispatcher(Odd(renderer, change), slots=0) as running:
        client.create_all(tasks)
        running.registry.report(BATCHES, "w", 1, 0, {}, "1.0")
        uuids = [task.uuid for task in tasks]
        wait_until(lambda: all(one["status"] == "complete" for one in client.get_all(uuids)))
        wait_until(lambda: running.registry.free_slots() == 1, "the slot")
    records = client.get_all(uuids)
    assert {(one["attempt"], one["failures"]) for one in records} == {(1, 0)}


def test_a_malformed_outcome_costs_the_failure_of_its_task_only(
    run_dispatcher, renderer, client, make_task, wait_until
):
    tasks = [make_task() for _number in range(60)]
    endpoint = Odd(renderer, lambda outcomes: [*outcomes[:-1], {"result": "stored"}])
    with run_dispatcher(endpoint, slots=0) as running:
        client.create_all(tasks)
        running.registry.report(BATCHES, "w", 1, 0, {}, "1.0")
        uuids = [task.uuid for task in tasks]
        wait_until(lambda: sum(one["failures"] for one in client.get_all(uuids)) == 1)
        wait_until(lambda: all(one["status"] == "complete" for one in client.get_all(uuids)))
    assert sorted(one["failures"] for one in client.get_all(uuids)) == [0] * 59 + [1]


def test_a_lost_batch_costs_one_failure_and_no_second_render(
    run_dispatcher, renderer, client, session, make_task, wait_until, monkeypatch
):
    rendered = []
    render = image.render

    def recorded(task, *arguments):
        rendered.append(task.uuid)
        return render(task, *arguments)

    monkeypatch.setattr(image, "render", recorded)
    tasks = [make_task() for _number in range(60)]
    endpoint = Counting(renderer, lost_after=1)
    with run_dispatcher(endpoint, slots=0) as running:
        client.create_all(tasks)
        running.registry.report(BATCHES, "w", 1, 0, {}, "1.0")

        def are_complete_after_a_report():
            running.registry.report(BATCHES, "w", 1, 0, {}, "1.0")
            records = client.get_all([task.uuid for task in tasks])
            return all(one["status"] == "complete" for one in records)

        wait_until(are_complete_after_a_report)
    failed = {task.uuid for task in tasks if fractals.get(session, task.uuid).failures}
    assert failed == {endpoint.lost}
    assert len(rendered) == len(set(rendered)) == 60


def test_a_worker_of_the_release_before_is_never_handed_what_it_cannot_draw(
    run_dispatcher, client, make_task, wait_until
):
    class Previous:
        target = contract.TASKS(version="1.4")

        def __init__(self):
            self.colourings = []

        def process(self, ctxt, task):
            self.colourings.append(task.get("colouring", "bands"))
            return {
                "uuid": task["uuid"],
                "checksum": "0" * 64,
                "duration": 0.1,
                "size": 1,
                "generated_by": "w",
            }

    previous = Previous()
    smooth, *plain = [
        client.create(make_task(colouring=colouring))["uuid"]
        for colouring in ("smooth", "bands", "bands")
    ]
    with run_dispatcher(previous) as running:
        wait_until(lambda: all(client.get(uuid)["status"] == "complete" for uuid in plain))
        assert client.get(smooth)["attempt"] == 0
        # It has replaced a later one under the same name.
        running.registry.report({"worker": "w:1", "parameters": 2}, "w", 2, 0, {}, "1.0")
        wait_until(lambda: client.get(smooth)["attempt"])
        wait_until(lambda: client.get(smooth)["status"] == "queued")
        assert client.get(smooth)["failures"] == 0
    assert previous.colourings == ["bands", "bands"]
