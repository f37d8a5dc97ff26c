# SPDX-License-Identifier: Apache-2.0
"""The worker service on a broker in memory: it starts, reports and drains."""

import threading
import time

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.render import image
from faafo.rpc import client as rpc_client
from faafo.rpc.client import WorkerClient
from faafo.worker import worker
from faafo.worker.worker import WorkerService

GENEROUS = 30.0


@pytest.fixture
def start(conf, transport, store, warm_kernel):
    """Starts a worker with one slot; returns its events ``stop`` and ``immediate``, its thread."""
    conf.set_override("slots", 1, group="worker")
    conf.set_override("report_interval", 0.1, group="rpc")
    running = []

    def run(drain_timeout=60.0, store=store):
        conf.set_override("drain_timeout", drain_timeout, group="worker")
        stop, immediate, ready = (threading.Event() for _ in range(3))
        service = WorkerService(conf, transport, store, "w", "w:1", "1.0")
        thread = threading.Thread(target=service.run, args=(stop, immediate, ready.set))
        thread.start()
        running.append((stop, immediate, thread))
        return stop, immediate, thread, ready

    yield run
    for stop, immediate, thread in running:
        stop.set()
        immediate.set()
        thread.join(GENEROUS)
        assert not thread.is_alive()


@pytest.fixture
def silent(monkeypatch):
    """The broker takes no message, and does not say so, until the test is over."""
    over = threading.Event()

    def hang(*_arguments, **_options):
        over.wait()

    monkeypatch.setattr(rpc_client.oslo_messaging.rpc.client._CallContext, "cast", hang)
    yield
    over.set()


def seconds_to_stop(stop, thread):
    began_at = time.monotonic()
    stop.set()
    thread.join(GENEROUS)
    assert not thread.is_alive()
    return time.monotonic() - began_at


def test_an_idle_worker_stops_while_the_broker_takes_no_reports(start, silent):
    stop, _immediate, thread, ready = start()
    assert ready.wait(GENEROUS)
    assert seconds_to_stop(stop, thread) < 10


class SilentStore:
    """A store that does not answer until the test is over."""

    finds = True

    def __init__(self):
        self.called = threading.Event()
        self.over = threading.Event()

    def check(self):
        self.called.set()
        self.over.wait()
        raise errors.StoreUnreachable("no answer")


def test_a_worker_that_waits_for_a_silent_store_stops_at_once(start):
    silent = SilentStore()
    stop, _immediate, thread, ready = start(store=silent)
    assert silent.called.wait(GENEROUS)
    assert seconds_to_stop(stop, thread) < 10
    assert not ready.is_set()
    silent.over.set()


@pytest.fixture
def render(transport, make_task, monkeypatch, wait_until):
    """Has worker w begin a render that ends when ``proceed`` is set, or when it is cancelled."""
    began, proceed, ends = threading.Event(), threading.Event(), []
    render_image = image.render

    def wait_and_render(task, is_cancelled, progress):
        began.set()
        wait_until(lambda: proceed.is_set() or is_cancelled())
        return render_image(task, is_cancelled, progress)

    def call():
        try:
            ends.append(
                WorkerClient(transport, "p", 60, 30).process(make_task(), Lease("u", 1), "w")
            )
        except errors.FaafoError as error:
            ends.append(error)

    monkeypatch.setattr(image, "render", wait_and_render)

    def begin():
        calling = threading.Thread(target=call)
        calling.start()
        assert began.wait(GENEROUS)
        return proceed, calling, ends

    return begin


def test_a_draining_worker_finishes_its_render_and_refuses_another_one(
    start, render, transport, make_task, monkeypatch
):
    # Until the render has ended, however long the second call takes on a busy machine.
    monkeypatch.setattr(worker, "LISTEN_SECONDS", 60.0)
    stop, immediate, thread, ready = start()
    assert ready.wait(GENEROUS)
    proceed, calling, ends = render()
    stop.set()
    with pytest.raises(errors.WorkerBusy):
        WorkerClient(transport, "p", 60, 30).process(make_task(), Lease("u", 1), "w")
    proceed.set()
    calling.join(GENEROUS)
    immediate.set()
    thread.join(GENEROUS)
    assert [end.generated_by for end in ends] == ["w"]


@pytest.mark.parametrize("how", ["drain_timeout", "immediate"])
def test_a_render_that_outlasts_the_drain_is_cancelled(start, render, how):
    stop, immediate, thread, ready = start(0.1 if how == "drain_timeout" else 60.0)
    assert ready.wait(GENEROUS)
    _proceed, calling, ends = render()
    stop.set()
    if how == "immediate":
        immediate.set()
    calling.join(GENEROUS)
    thread.join(GENEROUS)
    assert [type(end).__name__.removesuffix("_Remote") for end in ends] == ["RenderCancelled"]
