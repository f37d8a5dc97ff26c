# SPDX-License-Identifier: Apache-2.0
"""A worker of some kinds on a broker in memory: what it tells, takes and refuses."""

import threading

import pytest

from faafo import errors
from faafo.fractal.kinds import Ability, TaskKind
from faafo.fractal.lease import Lease
from faafo.fractal.parts import Join, Segment
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server
from faafo.rpc.versions import for_earlier
from faafo.worker.worker import WorkerService

GENEROUS = 30.0


class Heard:
    """The topic of producers: keeps the reports."""

    target = contract.PRODUCERS

    def __init__(self):
        self.reports = []

    def report(self, ctxt, **arguments):
        self.reports.append((ctxt, arguments))


@pytest.fixture
def heard(transport):
    heard, stop = Heard(), threading.Event()
    server = Server(transport, contract.PRODUCERS, "p", heard, threads=1)
    server.start(stop)
    assert server.wait_until_listening(GENEROUS)
    yield heard
    stop.set()
    server.stop()


@pytest.fixture
def joins_only(conf, transport, store, warm_kernel):
    """A worker that joins posters, and renders nothing."""
    for name, value in (("slots", 2), ("kinds", "join"), ("labels", "bigmem")):
        conf.set_override(name, value, group="worker")
    conf.set_override("report_interval", 0.1, group="rpc")
    stop, ready = threading.Event(), threading.Event()
    service = WorkerService(conf, transport, store, "w", "w:1", "1.0")
    thread = threading.Thread(target=service.run, args=(stop, stop, ready.set))
    thread.start()
    assert ready.wait(GENEROUS)
    yield service
    stop.set()
    thread.join(GENEROUS)
    assert not thread.is_alive()


@pytest.fixture
def join(make_task):
    task = make_task()
    segment = Segment(uuid=task.uuid, token=None, rows=task.height)
    return task.model_copy(update={"part": Join(segments=(segment,))})


def test_producers_that_know_no_kinds_are_told_that_it_has_no_slots(heard, joins_only, wait_until):
    wait_until(lambda: heard.reports)
    ctxt, arguments = heard.reports[-1]
    assert (arguments["slots"], ctxt["all_slots"]) == (0, 2)
    assert (ctxt["kinds"], ctxt["labels"]) == (["join"], ["bigmem"])


@pytest.mark.parametrize("has_topics", [True, False], ids=["own-topic", "that-of-all"])
def test_a_join_is_taken_on_its_topic_and_where_earlier_producers_send_it(
    transport, joins_only, join, has_topics
):
    workers = WorkerClient(transport, "p", 30, 5)
    with pytest.raises(errors.RenderFailed, match="segment 0: .* is lost"):
        workers.process(join, Lease(join.uuid, 1), "w", has_topics=has_topics)


def test_what_is_of_another_kind_is_refused(transport, joins_only, make_task):
    workers, task = WorkerClient(transport, "p", 30, 5), make_task()
    with pytest.raises(errors.WorkerBusy, match="serves no render"):
        workers.process(task, Lease(task.uuid, 1), "w", has_topics=True)


def test_a_worker_serves_no_kind_whose_topic_it_does_not_listen_on(conf, transport, store):
    service = WorkerService(conf, transport, store, "w", "w:1", "1.0")
    assert service._kinds.ability() == Ability(frozenset((TaskKind.RENDER,)))


def test_a_worker_without_topics_is_told_no_checksum_of_segments(join, make_task):
    (segment,) = for_earlier(join)["part"]["segments"]
    assert set(segment) == {"uuid", "token", "rows"}
    plain = make_task()
    assert for_earlier(plain) == plain.model_dump()
