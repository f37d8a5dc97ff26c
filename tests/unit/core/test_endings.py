# SPDX-License-Identifier: Apache-2.0
"""Tickets of requests that wait for the end of a fractal."""

import threading

import pytest

from faafo.core import endings
from faafo.core.endings import Endings, Ticket


@pytest.fixture
def opened():
    opened = Endings()
    opened.open(most=10)
    yield opened
    opened.close()


def ticket(uuid="a", seconds=60.0):
    woken = threading.Event()
    made = Ticket(uuid, seconds, woken.set)
    made.woken = woken
    return made


def test_an_end_calls_the_tickets_of_its_fractal_and_no_others(opened):
    first, second, other = ticket(), ticket(), ticket("b")
    assert all(opened.add(one) for one in (first, second, other))
    opened.announce(["a", "c"])
    assert [one.is_due for one in (first, second, other)] == [True, True, False]
    assert [one.woken.is_set() for one in (first, second, other)] == [True, True, False]
    first.renew()
    assert not first.is_due
    opened.announce(["a"])
    assert first.is_due


def test_a_forgotten_ticket_is_not_called(opened):
    first = ticket()
    opened.add(first)
    opened.forget(first)
    opened.announce(["a"])
    assert not first.is_due
    assert len(opened) == 0


def test_a_ticket_is_due_when_its_time_is_over():
    assert ticket(seconds=0.0).is_due


def test_nothing_waits_before_opening_and_after_closing_which_calls_all():
    closed, waiting = Endings(), ticket()
    assert not closed.add(ticket())
    closed.open(most=10)
    closed.add(waiting)
    closed.close()
    assert (waiting.is_over, waiting.woken.is_set()) == (True, True)
    assert not closed.add(ticket())
    assert closed.wait() is None


def test_the_uuids_that_are_waited_for_come_without_tickets_that_are_over(opened, monkeypatch):
    monkeypatch.setattr(endings, "LOOK_SECONDS", 0.01)
    gone = ticket("b")
    opened.add(ticket())
    opened.add(gone)
    assert sorted(opened.wait()) == ["a", "b"]
    gone.call(finally_=True)
    opened.wait()
    assert opened.wait() == ["a"]
    assert len(opened) == 1


def test_no_more_than_a_number_of_requests_wait():
    bounded, first, second = Endings(), ticket(), ticket()
    bounded.open(most=2)
    assert [bounded.add(one) for one in (first, second, ticket("b"))] == [True, True, False]
    for _ in range(2):
        bounded.forget(first)
    assert [bounded.add(one) for one in (first, ticket("b"))] == [True, False]
    bounded.close()
