# SPDX-License-Identifier: Apache-2.0
"""A worker that is disabled, and enabled again."""

import logging

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.rpc.messages import Instruction
from faafo.worker.attempt import Renderer
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots
from faafo.worker.standing import Standing


@pytest.fixture
def slots():
    return Slots(lambda: 2)


@pytest.fixture
def endpoint(store, slots):
    renderer = Renderer("w", store, Renders())
    return WorkerEndpoint("w:1", slots, renderer, Cancellations(), Standing("w", slots.disable))


def test_a_change_is_made_and_logged_once_however_often_it_is_told(caplog):
    changes = []
    standing = Standing("w", changes.append)
    with caplog.at_level(logging.INFO):
        for disabled in (False, True, True, False, False):
            standing.follow(Instruction(disabled=disabled, reason="upgrade"))
    assert changes == [True, False]
    assert [one.message for one in caplog.records] == [
        "worker w is disabled: upgrade; it finishes its renders",
        "worker w is enabled",
    ]


def test_a_disabled_worker_refuses_calls_while_its_renders_go_on(endpoint, slots, make_task):
    with slots.occupy("p"):
        endpoint.instruct({"worker": "w:1"}, True, "upgrade")
        assert (slots.total, slots.busy_for) == (0, {"p": 1})
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("q").__enter__()
    endpoint.instruct({"worker": "w:1"}, False, None)
    assert slots.free == 2


def test_a_worker_does_not_follow_what_an_earlier_process_of_its_name_is_told(endpoint, slots):
    endpoint.instruct({"worker": "w:0"}, True, "upgrade")
    assert slots.total == 2


def test_a_worker_that_is_disabled_begins_no_further_task_of_a_batch(
    endpoint, slots, make_task, monkeypatch, warm_kernel
):
    render = endpoint._renderer.run

    def run(*arguments):
        endpoint.instruct({}, True, "upgrade")
        return render(*arguments)

    monkeypatch.setattr(endpoint._renderer, "run", run)
    tasks = []
    for task in (make_task(), make_task()):
        lease = Lease(task.uuid, 1)
        tasks.append({"task": task.model_dump(), "attempt": lease.attempt})
    first, second = endpoint.process_all({"producer": "p", "begin_within": 60.0}, tasks)
    assert first["result"]["uuid"] == tasks[0]["task"]["uuid"]
    assert second == {"result": None, "error": None}
