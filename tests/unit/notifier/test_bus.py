# SPDX-License-Identifier: Apache-2.0
"""Deliveries to the bus: in their order, held while the broker is away, released at the end."""

import json
import threading

import pytest

from faafo import errors
from faafo.notifier import bus as module
from faafo.notifier.bus import Bus
from faafo.notifier.delivery import Delivery


def delivery(number):
    event = {"uuid": f"e{number}", "type": "fractal.queued", "body": json.dumps({"data": {}})}
    return Delivery.of({"id": number, "attempt": 1, "event": event, "webhook": None})


class Reporter:
    """Keeps what is reported and released."""

    def __init__(self):
        self.reported = []
        self.released = []

    def report(self, delivery, outcome):
        self.reported.append((delivery.id, outcome.fault))

    def release(self, deliveries):
        self.released += [one.id for one in deliveries]


class Broker:
    """Confirms what it is sent, unless it is told to raise an error, so many times."""

    def __init__(self, error=None, times=0):
        self.error = error
        self.times = times
        self.published = []
        self.asked = threading.Semaphore(0)

    def publish(self, records):
        self.asked.release()
        if self.times:
            self.times -= 1
            raise self.error
        self.published += [one["id"] for one in records]


@pytest.fixture
def running(monkeypatch, wait_until):
    """Runs a bus in a thread until the test ends."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    threads = []

    def run(broker):
        reporter = Reporter()
        bus = Bus(broker.publish, reporter)
        thread = threading.Thread(target=bus.run)
        threads.append((bus, thread))
        thread.start()
        return bus, reporter

    yield run
    for bus, thread in threads:
        bus.close()
        thread.join(60)
        assert not thread.is_alive()


def test_what_is_published_is_reported_in_its_order(running, wait_until):
    broker = Broker()
    bus, reporter = running(broker)
    for number in range(5):
        bus.add([delivery(number)])
    wait_until(lambda: len(reporter.reported) == 5)
    assert broker.published == [0, 1, 2, 3, 4]
    assert reporter.reported == [(number, None) for number in range(5)]


def test_while_the_broker_is_away_deliveries_wait_and_are_no_failures(running, wait_until, caplog):
    broker = Broker(errors.BrokerUnavailable("it is away"), times=3)
    bus, reporter = running(broker)
    bus.add([delivery(1), delivery(2)])
    assert broker.asked.acquire(timeout=60)
    bus.add([delivery(3)])
    wait_until(lambda: len(reporter.reported) == 3)
    assert broker.published == [1, 2, 3]
    assert {fault for _id, fault in reporter.reported} == {None}
    assert "trying again in 0.01 s: it is away" in caplog.text


def test_no_more_are_claimed_than_can_wait(running, wait_until):
    broker = Broker(errors.BrokerUnavailable("it is away"), times=10**6)
    bus, _reporter = running(broker)
    assert bus.wants()
    bus.add([delivery(number) for number in range(module.MOST_WAITING)])
    wait_until(lambda: not bus.wants())


def test_those_that_wait_are_released_when_it_stops(monkeypatch, running, wait_until):
    monkeypatch.setattr(module, "FIRST_PAUSE", 1000.0)
    broker = Broker(errors.BrokerUnavailable("it is away"), times=10**6)
    bus, reporter = running(broker)
    bus.add([delivery(1)])
    assert broker.asked.acquire(timeout=60)
    wait_until(lambda: bus._waiting)
    assert [one.id for one in bus.close()] == [1]
    assert reporter.reported == []


def test_a_batch_that_fails_after_it_was_stopped_is_released(wait_until):
    reporter = Reporter()

    def publish(_records):
        bus.close()
        raise errors.BrokerUnavailable("it is away")

    bus = Bus(publish, reporter)
    bus.add([delivery(1)])
    bus.run()
    assert (reporter.released, reporter.reported) == ([1], [])


def test_what_cannot_be_published_at_all_is_a_failure(running, wait_until):
    broker = Broker(KeyError("body"), times=1)
    bus, reporter = running(broker)
    bus.add([delivery(1)])
    wait_until(lambda: reporter.reported)
    assert reporter.reported[0][1].startswith("not published: ")
