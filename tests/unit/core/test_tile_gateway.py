# SPDX-License-Identifier: Apache-2.0
"""The bulkhead, the timeout and the circuit breaker of the gateway to tiles."""

import threading

import pytest
from oslo_context.context import RequestContext, get_current

from faafo import errors
from faafo.core.tile_gateway import TileGateway
from faafo.fractal.tile import Tile, TileView

VIEW = TileView(z=0, x=0, y=0, cx=0.0, cy=0.0, iterations=10)


class Worker:
    """Answers once ``go_on`` is set, or raises ``fault``."""

    def __init__(self):
        self.calls = 0
        self.fault = None
        self.go_on = threading.Event()
        self.go_on.set()

    def render(self, view):
        self.calls += 1
        assert self.go_on.wait(30)
        if self.fault is not None:
            raise self.fault
        return Tile(b"png", "w", 0.1)


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.go_on.set()


@pytest.fixture
def tiles(worker):
    return TileGateway(lambda: worker, timeout=30.0, max_in_flight=2, max_iterations=100)


@pytest.fixture
def start(tiles, worker):
    """Asks for a tile in the background."""
    threads = []

    def ask():
        thread = threading.Thread(target=lambda: tiles.render(VIEW))
        thread.start()
        threads.append(thread)

    yield ask
    worker.go_on.set()
    for thread in threads:
        thread.join(30)


def test_a_call_has_the_context_of_its_request():
    class Curious(Worker):
        def render(self, view):
            seen.append(get_current())
            return super().render(view)

    seen = []
    mine = RequestContext()
    curious = Curious()
    TileGateway(lambda: curious, timeout=30.0, max_in_flight=2, max_iterations=100).render(VIEW)
    assert seen == [mine]


def test_a_tile_is_what_the_worker_answers(tiles):
    assert tiles.render(VIEW) == Tile(b"png", "w", 0.1)


def test_nothing_is_connected_before_the_first_tile():
    connected = []

    def connect():
        connected.append(Worker())
        return connected[-1]

    tiles = TileGateway(connect, 30.0, 2, 100)
    assert connected == []
    for _ in range(3):
        tiles.render(VIEW)
    assert len(connected) == 1


def test_more_than_allowed_are_refused_at_once(tiles, worker, start, wait_until):
    worker.go_on.clear()
    start()
    start()
    wait_until(lambda: worker.calls == 2)
    with pytest.raises(errors.TilesBusy, match=r"\[tiles\] max_in_flight = 2"):
        tiles.render(VIEW)
    worker.go_on.set()
    wait_until(lambda: tiles.in_flight == 0)
    tiles.render(VIEW)


def test_an_open_circuit_lets_one_call_at_a_time_probe(tiles, worker, start, wait_until):
    worker.fault = errors.TileUnavailable("no worker")
    with pytest.raises(errors.TileUnavailable):
        tiles.render(VIEW)
    wait_until(lambda: tiles.in_flight == 0)
    worker.fault = None
    worker.go_on.clear()
    start()
    wait_until(lambda: worker.calls == 2)
    with pytest.raises(errors.TileUnavailable, match="keeps trying"):
        tiles.render(VIEW)
    worker.go_on.set()
    wait_until(lambda: tiles.in_flight == 0)
    worker.go_on.clear()
    start()
    start()
    wait_until(lambda: worker.calls == 4, "two at a time again")


def test_a_worker_that_is_too_old_for_a_tile_has_answered(tiles, worker, start, wait_until):
    worker.fault = errors.WorkerBusy("1.2 is too late")
    with pytest.raises(errors.TileUnavailable, match="of an earlier version"):
        tiles.render(VIEW)
    worker.fault = None
    worker.go_on.clear()
    start()
    start()
    wait_until(lambda: worker.calls == 3, "two at a time")


def test_a_broker_that_does_not_answer_ends_the_wait_at_the_timeout(worker):
    tiles = TileGateway(lambda: worker, timeout=0.1, max_in_flight=2, max_iterations=100)
    worker.go_on.clear()
    with pytest.raises(errors.TileUnavailable, match="no connection to the message broker"):
        tiles.render(VIEW)


def test_details_of_a_broker_error_stay_in_the_log(tiles, worker):
    worker.fault = errors.BrokerUnavailable("rabbit://user:secret@host")
    with pytest.raises(errors.TileUnavailable) as caught:
        tiles.render(VIEW)
    assert "secret" not in str(caught.value)


def test_an_unexpected_error_ends_the_wait(tiles, worker):
    worker.fault = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        tiles.render(VIEW)


def test_more_iterations_than_allowed_are_refused_without_a_call(tiles, worker):
    with pytest.raises(errors.LimitExceeded, match=r"\[tiles\] max_iterations = 100"):
        tiles.render(VIEW.model_copy(update={"iterations": 101}))
    assert worker.calls == 0


def test_a_tile_for_which_no_thread_can_be_started_is_no_longer_in_flight(tiles, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(errors.TileUnavailable):
            tiles.render(VIEW)
    assert tiles.in_flight == 0
    assert tiles.render(VIEW)


def test_a_tile_with_more_pixels_may_have_fewer_iterations(tiles, worker):
    view = VIEW.model_copy(update={"scale": 2, "iterations": 25})
    assert tiles.render(view).body == b"png"
    with pytest.raises(errors.LimitExceeded, match="which allows 25 at scale 2"):
        tiles.render(view.model_copy(update={"iterations": 26}))
    with pytest.raises(errors.LimitExceeded, match="which allows 6 at scale 2, 2 samples"):
        tiles.render(view.model_copy(update={"samples": 2}))
    assert worker.calls == 1
