# SPDX-License-Identifier: Apache-2.0
"""What is upgraded in another order than the guide's waits, says so, and loses nothing."""

from random import Random

from tests.functional.processes import wait_until
from tests.upgrade.check_rolling import OTHERS, shuffled, tasks_of_both
from tests.upgrade.fleet import ALL, Fleet, Stream, faults
from tests.upgrade.news import News

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


def test_nothing_is_lost_in_whatever_order_all_restart(fleet: Fleet, old, new, seed):
    rng = Random(seed)
    fleet.upgrade(old)
    fleet.start_all(old)
    ledger = fleet.ledger()
    with Stream(ledger, tasks_of_both(rng, COUNT), 20.0):
        fleet.upgrade(new)
        for name in shuffled(rng, ALL):
            fleet.replace(name, new)
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []


def test_nothing_is_lost_while_the_apis_stop_for_the_upgrade(fleet: Fleet, old, new):
    rng = Random(6)
    fleet.upgrade(old)
    fleet.start_all(old)
    ledger = fleet.ledger()
    with Stream(ledger, tasks_of_both(rng, COUNT), 8.0):
        wait_until(lambda: fleet.count("complete") > 0, "the first to be complete")
        for one in fleet.of("api"):
            one.terminate()
        fleet.upgrade(new)
        for one in fleet.of("api"):
            fleet.start_again(one.name, new)
    # Producers and workers have found the APIs again.
    assert faults(fleet.settle(ledger)) == []
    for name in shuffled(rng, OTHERS):
        fleet.replace(name, new)
    news = News(fleet.apis[0])
    news.post()
    news.finish()
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []
