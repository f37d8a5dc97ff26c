# SPDX-License-Identifier: Apache-2.0
"""The order in which events become visible, and what a client need not be sent again."""

import pytest

from faafo.core.event_tail import GAP_SECONDS, MOST_MISSING, PAGE, Tail
from tests.unit.core.recorded import Recording


@pytest.fixture
def recording():
    return Recording()


@pytest.fixture
def tail(recording, clock):
    return Tail(recording, clock)


def seen(tail):
    return [(row.id, settled) for row, settled in tail.look()]


def test_each_event_is_read_once(recording, tail):
    recording.add(1, 2)
    assert seen(tail) == [(1, 1), (2, 2)]
    recording.add(3)
    assert seen(tail) == [(3, 3)]
    assert seen(tail) == []


def test_an_event_that_comes_late_holds_back_what_is_settled(recording, tail, clock):
    recording.add(4)
    assert seen(tail) == [(4, 4)]
    recording.add(6, 8)
    assert seen(tail) == [(6, 4), (8, 4)]
    recording.add(7)
    assert seen(tail) == [(7, 4)]
    recording.add(5, 9)
    assert seen(tail) == [(5, 8), (9, 9)]


def test_one_that_never_comes_is_given_up(recording, tail, clock):
    recording.add(1, 3)
    seen(tail)
    clock.now += GAP_SECONDS / 2
    recording.add(5)
    assert seen(tail) == [(5, 1)]
    assert tail.settled == 1
    clock.now += GAP_SECONDS / 2
    assert seen(tail) == []
    assert tail.settled == 3
    clock.now += GAP_SECONDS
    seen(tail)
    assert tail.settled == 5
    recording.add(2)
    assert seen(tail) == []


def test_a_large_gap_takes_no_memory(recording, tail):
    recording.add(1, 10**9)
    assert seen(tail) == [(1, 1), (10**9, 10**9 - MOST_MISSING - 1)]
    recording.add(10**9 - 1)
    assert [number for number, _ in seen(tail)] == [10**9 - 1]
    recording.add(10**9 + 2)
    seen(tail)
    assert tail.settled >= 10**9 - MOST_MISSING


def test_many_events_are_read_page_by_page(recording, tail):
    recording.add(*range(1, PAGE + 3))
    assert len(seen(tail)) == PAGE
    assert tail.has_more
    assert seen(tail) == [(PAGE + 1, PAGE + 1), (PAGE + 2, PAGE + 2)]
    assert not tail.has_more


def test_it_begins_with_the_latest_and_goes_on_after_a_short_pause(recording, tail):
    recording.add(*range(1, 51))
    assert tail.catch_up(10)
    assert (tail.settled, seen(tail)[0]) == (40, (41, 41))
    recording.add(*range(51, 61))
    assert not tail.catch_up(10)
    assert seen(tail)[0] == (51, 51)
    recording.add(*range(61, 91))
    assert tail.catch_up(10)
    assert seen(tail)[0] == (81, 81)


def test_what_was_deleted_before_the_first_event_is_not_missing(recording, tail):
    recording.add(95, 96)
    tail.catch_up(50)
    assert seen(tail) == [(95, 95), (96, 96)]


def test_a_failure_loses_nothing(recording, tail):
    recording.add(1, 3)
    seen(tail)
    recording.add(2, 4)
    recording.fault = OSError("the database is away")
    with pytest.raises(OSError, match="away"):
        tail.look()
    recording.fault = None
    assert seen(tail) == [(2, 3), (4, 4)]
