# SPDX-License-Identifier: Apache-2.0
"""The RPC endpoint of a worker."""

import hashlib
import threading
from collections.abc import Callable

import oslo_messaging
import pytest

from faafo import errors, retry
from faafo.fractal.png import has_sides
from faafo.fractal.task import FractalTask
from faafo.render import image
from faafo.render.escape import ignore, never
from faafo.store.filesystem import FilesystemStore
from faafo.worker.attempt import Renderer
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots
from tests.ids import REQUEST_ID

INCARNATION, ANOTHER = "0123456789abcdef", "fedcba9876543210"
PARAMETERS = {"producer": "p", "attempt": 1, "token": f"{INCARNATION}-1"}
SECOND = {"producer": "p", "attempt": 2, "token": f"{INCARNATION}-2"}


@pytest.fixture
def cancellations():
    return Cancellations()


@pytest.fixture
def slots():
    return Slots(lambda: 1)


@pytest.fixture
def endpoint(store, slots, cancellations):
    renderer = Renderer("w-1", store, Renders())
    return WorkerEndpoint("w-1:now", slots, renderer, cancellations)


def unwrapped(call, *arguments):
    """Call an RPC method and raise what would travel to the caller."""
    try:
        return call(*arguments)
    except oslo_messaging.ExpectedException as expected:
        raise expected.exc_info[1] from None


def test_the_result_describes_the_stored_image(endpoint, store, make_task, caplog):
    caplog.set_level("INFO")
    task = make_task()
    result = endpoint.process({"producer": "p"}, task.model_dump())
    png = store.load(task.uuid)
    assert result["uuid"] == task.uuid
    assert result["checksum"] == hashlib.sha256(png).hexdigest()
    assert result["size"] == len(png)
    assert result["generated_by"] == "w-1"
    assert result["duration"] > 0
    sentences = [record.getMessage() for record in caplog.records]
    # A kernel that has to be compiled first may take long enough for its progress to be logged.
    sentences = [one for one in sentences if " is at row " not in one]
    assert sentences[0] == f"processing task {task.uuid}"
    assert sentences[1].startswith(f"task {task.uuid} processed in ")
    assert sentences[2].startswith(f"saved result of task {task.uuid} to file /")


def test_a_task_without_c_gets_the_same_one_every_time(endpoint, make_task):
    task = make_task().model_dump(exclude={"cx", "cy"})
    assert endpoint.process({}, task)["checksum"] == endpoint.process({}, task)["checksum"]


def test_a_full_worker_says_so_at_once(endpoint, slots, make_task):
    with slots.occupy("another producer"), pytest.raises(errors.WorkerBusy):
        unwrapped(endpoint.process, {}, make_task().model_dump())


def test_a_slot_is_free_again_after_a_render_that_failed(endpoint, slots):
    with pytest.raises(errors.InvalidTask, match="width: is missing"):
        unwrapped(endpoint.process, {}, {"uuid": "00000000-0000-4000-8000-000000000001"})
    assert slots.free == 1


@pytest.mark.parametrize("uuid", ["../../etc/passwd", "", None, "x" * 10_000])
def test_a_uuid_that_is_none_reaches_no_file(endpoint, make_task, uuid, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    task = make_task().model_dump() | {"uuid": uuid}
    with pytest.raises(errors.InvalidTask, match="uuid"):
        unwrapped(endpoint.process, {}, task)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_worker_that_stops_stores_nothing(endpoint, store, cancellations, make_task):
    cancellations.cancel_everything()
    task = make_task()
    with pytest.raises(errors.RenderCancelled):
        unwrapped(endpoint.process, {}, task.model_dump())
    with pytest.raises(errors.ImageNotFound):
        store.load(task.uuid)


@pytest.fixture
def renders(monkeypatch):
    """The uuids of the tasks that have been rendered."""
    rendered = []
    render = image.render

    def recorded(task, cancelled, progress):
        rendered.append(task.uuid)
        return render(task, cancelled, progress)

    monkeypatch.setattr(image, "render", recorded)
    return rendered


def test_an_image_that_an_earlier_attempt_has_stored_is_not_rendered_again(
    endpoint, renders, make_task
):
    task = make_task()
    first, second = (
        endpoint.process(context, task.model_dump()) for context in (PARAMETERS, SECOND)
    )
    assert renders == [task.uuid]
    assert second == first | {"duration": second["duration"]}
    assert second["image_token"] == PARAMETERS["token"]


def test_an_image_of_an_earlier_record_with_the_same_uuid_is_not_taken(
    endpoint, store, renders, make_task
):
    old = make_task(cx=0.1)
    new = old.model_copy(update={"cx": -0.7})
    endpoint.process({"attempt": 1, "token": f"{ANOTHER}-1"}, old.model_dump())
    store.save(new.uuid, store.load(new.uuid, f"{ANOTHER}-1"))
    result = endpoint.process(SECOND, new.model_dump())
    assert len(renders) == 2
    assert result["image_token"] == SECOND["token"]
    assert result["checksum"] == hashlib.sha256(store.load(new.uuid, SECOND["token"])).hexdigest()


def test_images_of_two_attempts_do_not_overwrite_each_other(endpoint, store, make_task):
    one = make_task(cx=0.1)
    other = one.model_copy(update={"cx": -0.7})
    first = endpoint.process(PARAMETERS, one.model_dump())
    second = endpoint.process({"attempt": 1, "token": f"{ANOTHER}-1"}, other.model_dump())
    for result in (first, second):
        png = store.load(one.uuid, result["image_token"])
        assert result["checksum"] == hashlib.sha256(png).hexdigest()


@pytest.mark.parametrize("context", [{}, {"attempt": 1}, {"attempt": 2}, PARAMETERS])
def test_a_first_attempt_or_one_without_a_token_does_not_look_for_an_image(
    endpoint, renders, make_task, context
):
    task = make_task()
    for _ in range(2):
        endpoint.process(context, task.model_dump())
    assert renders == [task.uuid] * 2


@pytest.mark.parametrize("found", [None, b"", b"no picture"])
def test_an_invalid_stored_image_is_replaced(endpoint, store, renders, make_task, found):
    task = make_task()
    stored = image.encode(image.render(make_task(width=9), never, ignore))
    store.save(task.uuid, stored if found is None else found, token=PARAMETERS["token"])
    result = endpoint.process(SECOND, task.model_dump())
    assert renders[-1] == task.uuid
    png = store.load(task.uuid, result["image_token"])
    assert result["checksum"] == hashlib.sha256(png).hexdigest()
    assert has_sides(png, task.width, task.height)


@pytest.fixture
def render_until(monkeypatch):
    """Makes every render call something once it has begun, and go on until it is cancelled."""

    def replace(begun: Callable[[], None]) -> None:
        def render(task, cancelled, progress):
            begun()
            for _ in range(500):
                if cancelled():
                    raise errors.RenderCancelled("cancelled")
                threading.Event().wait(0.01)
            return picture

        picture = image.render(PLAIN)
        monkeypatch.setattr(image, "render", render)

    return replace


PLAIN = FractalTask(
    uuid="00000000-0000-4000-8000-000000000000",
    width=2, height=2, iterations=3, xa=-1, xb=1, ya=-1, yb=1, cx=0, cy=0,
)  # fmt: skip


def test_a_cancelled_render_ends_frees_its_slot_and_stores_nothing(
    endpoint, slots, store, render_until, make_task
):
    task = make_task()
    render_until(lambda: endpoint.cancel(PARAMETERS, task.uuid))
    with pytest.raises(errors.RenderCancelled):
        unwrapped(endpoint.process, PARAMETERS, task.model_dump())
    assert slots.free == 1
    with pytest.raises(errors.ImageNotFound):
        store.load(task.uuid)


@pytest.mark.parametrize(
    "other",
    [PARAMETERS | {"producer": "q"}, SECOND, PARAMETERS | {"token": f"{ANOTHER}-1"}, {}],
)
def test_no_other_producer_and_no_other_attempt_can_cancel_a_render(endpoint, make_task, other):
    task = make_task()
    with endpoint._cancellations.listening((task.uuid, *PARAMETERS.values())) as cancelled:
        endpoint.cancel(other, task.uuid)
        assert not cancelled.is_set()
        endpoint.cancel(PARAMETERS, task.uuid)
        assert cancelled.is_set()


@pytest.mark.parametrize("everything", [False, True])
def test_a_render_that_is_cancelled_when_it_is_through_is_stored_and_told(
    endpoint, store, cancellations, make_task, monkeypatch, everything
):
    task = make_task()
    encode = image.encode

    def encode_and_cancel(picture):
        if everything:
            cancellations.cancel_everything()
        endpoint.cancel(PARAMETERS, task.uuid)
        return encode(picture)

    monkeypatch.setattr(image, "encode", encode_and_cancel)
    result = endpoint.process(PARAMETERS, task.model_dump())
    png = store.load(task.uuid, PARAMETERS["token"])
    assert result["checksum"] == hashlib.sha256(png).hexdigest()


def test_a_call_to_an_earlier_process_is_refused(endpoint, store, make_task):
    task = make_task()
    with pytest.raises(errors.WorkerBusy, match="an earlier process"):
        unwrapped(endpoint.process, PARAMETERS | {"worker": "w-1:before"}, task.model_dump())
    assert list(store.images(age=-1)) == []
    endpoint.process(PARAMETERS | {"worker": "w-1:now"}, task.model_dump())


class Unsteady(FilesystemStore):
    """Raises the given errors, one a call, before it stores an image; records the attempts."""

    def __init__(self, datadir, *problems):
        super().__init__(str(datadir))
        self.problems = list(problems)
        self.attempts = []

    def save(self, uuid, png, attempt=None, token=None):
        self.attempts.append(attempt)
        if self.problems:
            raise self.problems.pop(0)
        return super().save(uuid, png, attempt, token)


@pytest.fixture
def with_retries(slots, cancellations, tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)

    def make(*problems, seconds=60.0):
        store = Unsteady(tmp_path, *problems)
        renderer = Renderer("w-1", store, Renders(), seconds)
        endpoint = WorkerEndpoint("w-1:now", slots, renderer, cancellations)
        return store, endpoint

    return make


def test_storing_an_image_is_retried(with_retries, make_task):
    store, endpoint = with_retries(
        errors.StoreUnreachable("unreachable"), errors.StoreUnavailable("full")
    )
    task = make_task()
    assert endpoint.process({"attempt": 7}, task.model_dump())["size"] > 0
    assert store.attempts == [7, 7, 7]
    assert store.load(task.uuid)


def test_retries_end_after_the_save_timeout(with_retries, slots, make_task):
    store, endpoint = with_retries(*[errors.StoreUnavailable("full")] * 99, seconds=0.0)
    with pytest.raises(errors.StoreUnavailable, match="full"):
        unwrapped(endpoint.process, {}, make_task().model_dump())
    assert len(store.attempts) == 1
    assert slots.free == 1


def test_storing_a_refused_image_is_not_retried(with_retries, make_task):
    store, endpoint = with_retries(errors.ImageRefused("stale"))
    with pytest.raises(errors.ImageRefused):
        unwrapped(endpoint.process, {}, make_task().model_dump())
    assert len(store.attempts) == 1


def test_a_refused_image_of_a_cancelled_render_is_no_failure(
    with_retries, cancellations, make_task, monkeypatch
):
    _store, endpoint = with_retries(errors.ImageRefused("stale"))
    encode = image.encode

    def encode_and_cancel(picture):
        cancellations.cancel_everything()
        return encode(picture)

    monkeypatch.setattr(image, "encode", encode_and_cancel)
    with pytest.raises(errors.RenderCancelled):
        unwrapped(endpoint.process, PARAMETERS, make_task().model_dump())


def test_storing_is_not_retried_once_the_render_is_cancelled(
    with_retries, cancellations, make_task, monkeypatch
):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 10_000)
    monkeypatch.setattr(retry, "LONGEST_PAUSE", 10_000)
    _store, endpoint = with_retries(*[errors.StoreUnreachable("unreachable")] * 99, seconds=99_999)
    threading.Timer(0.3, cancellations.cancel_everything).start()
    with pytest.raises(errors.RenderCancelled):
        unwrapped(endpoint.process, PARAMETERS, make_task().model_dump())


BATCH = {"producer": "p", "worker": "w-1:now", "begin_within": 60.0}


def make_entry(task, attempt=1):
    token = f"{INCARNATION}-{attempt}"
    return {"task": task.model_dump(), "attempt": attempt, "token": token}


def test_a_batch_is_rendered_in_its_order_in_one_slot(endpoint, slots, store, renders, make_task):
    tasks = [make_task() for _number in range(3)]
    outcomes = endpoint.process_all(BATCH, [make_entry(task) for task in tasks])
    assert renders == [task.uuid for task in tasks]
    for task, outcome in zip(tasks, outcomes, strict=True):
        assert outcome["result"]["uuid"] == task.uuid
        png = store.load(task.uuid, f"{INCARNATION}-1")
        assert outcome["result"]["checksum"] == hashlib.sha256(png).hexdigest()
    assert slots.free == 1


def test_each_image_of_a_batch_is_stored_before_the_next_render_begins(
    endpoint, store, make_task, monkeypatch
):
    stored = []
    render = image.render

    def recorded(*arguments):
        stored.append(len(list(store.images(age=-1))))
        return render(*arguments)

    monkeypatch.setattr(image, "render", recorded)
    endpoint.process_all(BATCH, [make_entry(make_task()) for _number in range(3)])
    assert stored == [0, 1, 2]


def test_one_task_of_a_batch_that_fails_does_not_fail_the_others(endpoint, make_task):
    entries = [make_entry(make_task()) for _number in range(4)]
    entries[0]["token"] = "made up"
    entries[2]["task"]["palette"] = "infrared"
    outcomes = endpoint.process_all(BATCH, entries)
    assert [(one["error"] or {}).get("kind") for one in outcomes] == [
        "InvalidMessage",
        None,
        "InvalidTask",
        None,
    ]
    assert [one["result"] is not None for one in outcomes] == [False, True, False, True]
    assert "palette" in outcomes[2]["error"]["message"]


def test_a_batch_that_takes_too_long_is_returned_with_what_has_not_begun(
    endpoint, renders, make_task
):
    entries = [make_entry(make_task()) for _number in range(3)]
    outcomes = endpoint.process_all(BATCH | {"begin_within": 0.0}, entries)
    assert len(renders) == 1
    assert outcomes[1:] == [{"result": None, "error": None}] * 2


def test_a_worker_that_drains_begins_no_further_task_of_a_batch(
    endpoint, slots, make_task, monkeypatch
):
    render = image.render

    def drain(*arguments):
        slots.close()
        return render(*arguments)

    monkeypatch.setattr(image, "render", drain)
    outcomes = endpoint.process_all(BATCH, [make_entry(make_task()) for _number in range(3)])
    assert [one["result"] is not None for one in outcomes] == [True, False, False]


def test_a_task_of_a_batch_can_be_cancelled_before_it_begins(
    endpoint, renders, make_task, monkeypatch
):
    first, second, third = (make_task() for _number in range(3))
    render = image.render

    def cancel(task, *arguments):
        context = {"producer": "p", "attempt": 1, "token": f"{INCARNATION}-1"}
        endpoint.cancel(context, second.uuid)
        return render(task, *arguments)

    monkeypatch.setattr(image, "render", cancel)
    outcomes = endpoint.process_all(BATCH, [make_entry(one) for one in (first, second, third)])
    assert [(one["error"] or {}).get("kind") for one in outcomes] == [None, "RenderCancelled", None]


def test_a_full_worker_refuses_a_batch(endpoint, slots, make_task):
    with slots.occupy("another producer"), pytest.raises(errors.WorkerBusy):
        unwrapped(endpoint.process_all, BATCH, [make_entry(make_task())])


def test_a_batch_for_an_earlier_process_of_the_same_name_is_refused(endpoint, renders, make_task):
    entries = [make_entry(make_task())]
    with pytest.raises(errors.WorkerBusy, match="earlier process"):
        unwrapped(endpoint.process_all, BATCH | {"worker": "w-1:before"}, entries)
    assert renders == []


def test_images_of_this_attempt_and_of_earlier_ones_are_found(endpoint, renders, make_task):
    tasks = [make_task() for _number in range(3)]
    rendered = endpoint.process_all(BATCH, [make_entry(tasks[0], 2), make_entry(tasks[1], 1)])
    found = endpoint.find_all({}, [make_entry(task, 2) for task in tasks])
    assert [one["result"] and one["result"]["checksum"] for one in found] == [
        rendered[0]["result"]["checksum"],
        rendered[1]["result"]["checksum"],
        None,
    ]
    assert len(renders) == 2


@pytest.mark.parametrize("begin_within", [-1, "soon", float("inf"), None])
def test_a_malformed_batch_names_what_is_wrong(endpoint, begin_within):
    with pytest.raises(errors.InvalidMessage, match="begin_within"):
        unwrapped(endpoint.process_all, BATCH | {"begin_within": begin_within}, [])


@pytest.fixture
def syncs(monkeypatch):
    """The numbers of images that are stored whenever the store is synced."""
    known = []
    sync = FilesystemStore.sync

    def recorded(self):
        known.append(len(list(self.images(age=-1))))
        sync(self)

    monkeypatch.setattr(FilesystemStore, "sync", recorded)
    return known


def test_a_result_is_answered_after_its_image_has_been_synced(endpoint, syncs, make_task):
    endpoint.process(PARAMETERS, make_task().model_dump())
    assert syncs == [1]


def test_the_images_of_a_batch_are_synced_together(endpoint, syncs, make_task):
    endpoint.process_all(BATCH, [make_entry(make_task()) for _number in range(4)])
    assert syncs == [4]


def test_a_batch_whose_images_may_not_survive_a_power_failure_has_no_results(
    endpoint, make_task, monkeypatch
):
    def fail(_store):
        raise errors.StoreUnavailable("images: Input/output error")

    monkeypatch.setattr(FilesystemStore, "sync", fail)
    entries = [make_entry(make_task()) for _number in range(2)]
    entries[0]["task"]["palette"] = "infrared"
    outcomes = endpoint.process_all(BATCH, entries)
    assert [one["error"]["kind"] for one in outcomes] == ["InvalidTask", "StoreUnavailable"]


def test_images_that_are_found_are_synced_before_they_are_answered(endpoint, syncs, make_task):
    entry = make_entry(make_task())
    endpoint.process_all(BATCH, [entry])
    endpoint.find_all({}, [entry])
    assert syncs == [1, 1]


def test_the_log_lines_of_an_attempt_tell_whose_it_is_alone_and_in_a_batch(
    endpoint, make_task, json_lines
):
    one, other, third = (make_task() for _number in range(3))
    endpoint.process(PARAMETERS | {"request_id": REQUEST_ID}, one.model_dump())
    entries = [make_entry(other) | {"request_id": REQUEST_ID}, make_entry(third)]
    endpoint.process_all(BATCH, entries)
    found = [line["context"] for line in json_lines() if "saved result" in line["message"]]
    assert [(line["request_id"], line["resource_uuid"]) for line in found] == [
        (REQUEST_ID, one.uuid),
        (REQUEST_ID, other.uuid),
        (None, third.uuid),
    ]
