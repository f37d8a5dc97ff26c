# SPDX-License-Identifier: Apache-2.0
"""Requests that wait for a fractal."""

import threading

import pytest

from faafo.core import arrivals as module
from faafo.core.arrivals import Arrivals


@pytest.fixture
def arrivals():
    arrivals = Arrivals()
    arrivals.open()
    yield arrivals
    arrivals.close()


@pytest.fixture
def waiting(arrivals):
    """Starts a wait of an hour; returns its answers, its looks, and what it looks at."""

    def start():
        answers, there = [], []
        looked = threading.Semaphore(0)

        def is_there():
            looked.release()
            return bool(there)

        thread = threading.Thread(target=lambda: answers.append(arrivals.wait(3600, is_there)))
        thread.start()
        return answers, there, looked, thread

    return start


def test_what_is_there_is_told_at_once(arrivals):
    assert arrivals.wait(3600, lambda: True)


def test_a_request_that_does_not_wait_is_answered_at_once(arrivals):
    assert not arrivals.wait(0, lambda: False)


def test_an_announcement_ends_the_wait(arrivals, waiting, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 3600)
    answers, there, looked, thread = waiting()
    assert looked.acquire(timeout=60)
    there.append("a fractal")
    arrivals.announce()
    thread.join(60)
    assert answers == [True]


def test_an_announcement_of_what_others_claim_first_does_not_end_the_wait(
    arrivals, waiting, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_SECONDS", 3600)
    answers, there, looked, thread = waiting()
    for _number in range(3):
        assert looked.acquire(timeout=60)
        arrivals.announce()
    assert answers == []
    there.append("a fractal")
    arrivals.announce()
    thread.join(60)
    assert answers == [True]


def test_a_fractal_that_another_process_queues_is_found_without_an_announcement(waiting):
    answers, there, looked, thread = waiting()
    assert looked.acquire(timeout=60)
    there.append("a fractal")
    thread.join(60)
    assert answers == [True]


def test_a_server_that_stops_lets_no_request_wait(arrivals, waiting, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 3600)
    answers, _there, looked, thread = waiting()
    assert looked.acquire(timeout=60)
    arrivals.close()
    thread.join(60)
    assert answers == [False]
    assert not arrivals.wait(3600, lambda: False)
