# SPDX-License-Identifier: Apache-2.0
"""The calls that producers make to workers."""

import threading

import oslo_messaging
import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.rpc import contract
from faafo.rpc.client import LeasedTask, WorkerClient
from faafo.rpc.server import Server

LEASE = Lease("00000000-0000-4000-8000-000000000001", 1)


class OldEndpoint:
    """The endpoint of a worker whose version has no palettes."""

    target = contract.TASKS(version="1.1")

    def process(self, ctxt, task):
        return {
            "uuid": task["uuid"],
            "checksum": "0" * 64,
            "duration": 0.1,
            "size": 1,
            "generated_by": "old",
        }


@pytest.fixture
def client(transport, stop):
    server = Server(transport, contract.TASKS, "old", OldEndpoint(), threads=2)
    server.start(stop)
    assert server.wait_until_listening(10)
    yield WorkerClient(transport, "p", 30, 5)
    server.stop()


def test_an_old_worker_renders_the_original_palette(client, make_task):
    assert client.process(make_task(), LEASE, "old").generated_by == "old"


def test_an_old_worker_is_not_called_for_another_palette(client, make_task):
    with pytest.raises(errors.RenderFailed, match="1.2"):
        client.process(make_task(palette="ember"), LEASE, "old")


def test_a_worker_of_the_release_before_is_not_called_for_what_it_cannot_draw(
    transport, stop, make_task
):
    class Previous(OldEndpoint):
        target = contract.TASKS(version="1.4")

        def process_all(self, ctxt, tasks):
            return [{}] * len(tasks)

    server = Server(transport, contract.TASKS, "previous", Previous(), threads=2)
    server.start(stop)
    assert server.wait_until_listening(10)
    client = WorkerClient(transport, "p", 30, 5)
    plain, later = make_task(palette="ember"), make_task(colouring="smooth")
    tasks = [LeasedTask(plain, LEASE), LeasedTask(later, LEASE)]
    assert client.process(plain, LEASE, "previous").generated_by == "old"
    assert client.process_all(tasks[:1], "previous", None, 1.0) == [None]
    with pytest.raises(errors.WorkerBusy, match="1.5"):
        client.process(later, LEASE, "previous")
    with pytest.raises(errors.WorkerBusy, match="1.5"):
        client.process_all(tasks, "previous", None, 1.0)
    server.stop()


@pytest.fixture
def stuck_client(transport, stop):
    """A client with a render_timeout of 0.2 s for a worker that answers once the test is over."""
    over = threading.Event()

    class Stuck:
        target = contract.TASKS_SERVED

        def process(self, ctxt, task):
            over.wait(60)

    server = Server(transport, contract.TASKS, "stuck", Stuck(), threads=2)
    server.start(stop)
    assert server.wait_until_listening(10)
    yield WorkerClient(transport, "p", 0.2, 5)
    over.set()
    server.stop()


def test_a_render_that_takes_too_long_names_the_timeout(stuck_client, make_task):
    with pytest.raises(errors.RenderTimeout, match=r"^no result within 0.2 s \(render_timeout\)$"):
        stuck_client.process(make_task(), LEASE, "stuck")


def test_a_worker_without_a_heartbeat_names_the_timeout(client, make_task, monkeypatch):
    def time_out(*_arguments, **_members):
        raise oslo_messaging.MessagingTimeout("no reply")

    # The broker in memory knows no heartbeats.
    monkeypatch.setattr(oslo_messaging.rpc.client._CallContext, "call", time_out)
    with pytest.raises(errors.WorkerLost, match=r"^no heartbeat for 5 s \(call_monitor_timeout\)$"):
        client.process(make_task(), LEASE, "old")
