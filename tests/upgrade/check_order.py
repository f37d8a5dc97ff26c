# SPDX-License-Identifier: Apache-2.0
"""What is upgraded in another order than the guide's waits, says so, and loses nothing."""

from random import Random

from tests.upgrade.check_rolling import tasks_of_both
from tests.upgrade.fleet import ALL, Fleet, Stream, faults

COUNT = 20


def test_producers_that_are_newer_than_the_apis_say_so_once_and_wait(fleet: Fleet, old, new):
    fleet.upgrade(old)
    with fleet.starting_together():
        for name in ALL:
            fleet.start(name, old if name.startswith("api") else new)
    ledger = fleet.ledger()
    producers = [one.service for one in fleet.of("producer")]
    with Stream(ledger, tasks_of_both(Random(1), COUNT), 3.0):
        for one in producers:
            one.wait_for_line("could not claim fractals")
    assert fleet.count("queued") == COUNT
    fleet.upgrade(new)
    for one in fleet.of("api"):
        fleet.replace(one.name, new)
    assert faults(fleet.settle(ledger)) == []
    for one in producers:
        (line,) = one.lines_with("could not claim fractals")
        assert "the API is of an earlier release than this producer: upgrade all APIs" in line
        assert "Traceback" not in one.output()


def test_workers_that_are_newer_than_all_else_lose_nothing(fleet: Fleet, old, new):
    fleet.upgrade(old)
    fleet.start_all(old)
    ledger = fleet.ledger()
    with Stream(ledger, tasks_of_both(Random(2), COUNT), 8.0):
        for one in fleet.of("worker"):
            fleet.replace(one.name, new)
    assert faults(fleet.settle(ledger)) == []
