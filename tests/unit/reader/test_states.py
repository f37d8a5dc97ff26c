# SPDX-License-Identifier: Apache-2.0
"""Storing the states of events: what becomes of them while Redis is away, and of malformed ones."""

import threading

import pytest

from faafo import errors
from faafo.client.heartbeat import report_of
from faafo.reader.states import LONGEST_HOLD, LONGEST_PAUSE, States

UUID = "00000000-0000-4000-8000-000000000001"


class Jobs:
    """Refuses states as often as it is told to."""

    def __init__(self, refusals=0):
        self.refusals = refusals
        self.calls = 0
        self.states = []

    def apply(self, states):
        self.calls += 1
        if self.refusals:
            self.refusals -= 1
            raise errors.RedisUnavailable("it is away")
        self.states += states
        return len(states)


class Stop:
    """Counts the seconds that are waited, and lets them pass at once."""

    def __init__(self, clock, at=None):
        self.clock = clock
        self.at = at
        self.pauses = []

    def wait(self, seconds):
        self.pauses.append(seconds)
        self.clock.now += seconds
        return self.at is not None and self.clock.now >= self.at


def payload(**changes):
    data = {
        "uuid": UUID,
        "created_at": "2026-11-28T18:00:00.000001Z",
        "project_id": None,
        "status": "queued",
        "attempt": 0,
    }
    return {
        "version": 1,
        "type": "fractal.queued",
        "timestamp": "2026-11-28T18:00:00.000002Z",
        "data": data | changes,
        "event": UUID,
    }


def test_all_states_of_a_batch_are_stored_at_once(clock):
    jobs = Jobs()
    states = States(jobs, Stop(clock), clock)
    assert states.store([payload(), payload(attempt=1)])
    assert report_of(states.tally) == {"report": {"done": 2}}
    assert [one.attempt for one in jobs.states] == [0, 1]
    assert jobs.calls == 1


def test_events_wait_while_redis_is_away_and_two_lines_say_so(clock, caplog):
    jobs, stop = Jobs(refusals=6), Stop(clock)
    caplog.set_level("INFO")
    assert States(jobs, stop, clock).store([payload()])
    assert len(jobs.states) == 1
    assert stop.pauses == [0.25, 0.5, 1, 2, 4, LONGEST_PAUSE]
    assert [line.levelname for line in caplog.records] == ["WARNING", "INFO"]


def test_events_are_queued_again_before_the_broker_takes_them_back(clock):
    jobs, stop = Jobs(refusals=10**6), Stop(clock)
    assert not States(jobs, stop, clock).store([payload()])
    assert LONGEST_HOLD <= clock.now < LONGEST_HOLD + 2 * LONGEST_PAUSE
    # Without burning the processor.
    assert jobs.calls < LONGEST_HOLD / LONGEST_PAUSE + 10


def test_a_reader_that_stops_tries_once_and_queues_events_again(clock):
    stopped = threading.Event()
    stopped.set()
    jobs = Jobs(refusals=2)
    assert not States(jobs, stopped, clock).store([payload()])
    assert jobs.calls == 1
    assert States(Jobs(), stopped, clock).store([payload()])


@pytest.mark.parametrize("bad", [None, {}, {"version": 2}, payload(status="lost")])
def test_a_malformed_event_is_dropped_and_costs_no_other_one(clock, caplog, bad):
    jobs = Jobs()
    assert States(jobs, Stop(clock), clock).store([payload(), bad, payload(attempt=1)])
    assert len(jobs.states) == 2
    assert "dropped an event: " in caplog.text


def test_events_about_no_job_are_passed_over(clock, caplog):
    jobs = Jobs()
    assert States(jobs, Stop(clock), clock).store([{"version": 1, "type": "webhook.ping"}])
    assert jobs.states == []
    assert caplog.text == ""
