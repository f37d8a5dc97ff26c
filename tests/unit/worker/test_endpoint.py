"""What a worker does when it is called."""

import hashlib
import threading

import oslo_messaging
import pytest

from faafo import errors
from faafo.worker.endpoint import Slots, WorkerEndpoint


@pytest.fixture
def cancelled():
    return threading.Event()


@pytest.fixture
def slots():
    return Slots(1)


@pytest.fixture
def endpoint(store, slots, cancelled):
    return WorkerEndpoint("w-1", slots, store, cancelled)


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
    assert sentences[0] == f"processing task {task.uuid}"
    assert sentences[1].startswith(f"task {task.uuid} processed in ")
    assert sentences[2].startswith(f"saved result of task {task.uuid} to file /")


def test_a_task_without_c_gets_the_same_one_every_time(endpoint, make_task):
    task = make_task().model_dump(exclude={"cx", "cy"})
    assert endpoint.process({}, task)["checksum"] == endpoint.process({}, task)["checksum"]


def test_a_full_worker_says_so_at_once(endpoint, slots, make_task):
    with slots.occupy("somebody"), pytest.raises(errors.WorkerBusy):
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


def test_a_cancelled_render_stores_nothing(endpoint, store, cancelled, make_task):
    cancelled.set()
    task = make_task()
    with pytest.raises(errors.RenderCancelled):
        unwrapped(endpoint.process, {}, task.model_dump())
    with pytest.raises(errors.ImageNotFound):
        store.load(task.uuid)


def test_closed_slots_let_nobody_in_but_those_inside_may_finish():
    slots = Slots(2)
    with slots.occupy("a"):
        slots.close()
        assert slots.total == 0
        assert slots.busy_for == {"a": 1}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("b").__enter__()
    assert slots.busy_for == {}
