# SPDX-License-Identifier: Apache-2.0
"""The figures of a load."""

import json
import random

import pytest

from faafo.cli import figures
from faafo.cli.figures import Figures, percentile


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(figures, "time", clock)
    return clock


def test_a_percentile_is_the_nearest_rank():
    values = list(range(1, 101))
    assert [percentile(values, part) for part in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert [percentile([7], part) for part in (0.5, 1.0)] == [7, 7]
    assert percentile([1, 2, 3], 0.5) == 2


def test_times_count_from_the_moment_at_which_an_arrival_was_due(clock):
    seen = Figures()
    for number in range(11):
        due_at = 100 + number / 10
        clock.now = due_at
        seen.arrive()
        clock.now = due_at + 0.002
        seen.send(due_at)
        clock.now = due_at + 0.01 * (number + 1)
        seen.accept(due_at)
    clock.now = 104.0
    for number in range(8):
        seen.complete(100 + number / 10)
    seen.fail("POST 503")
    assert seen.summary() == {
        "arrivals": 11,
        "arrival_rate": 10.0,
        "accepted": 11,
        "complete": 8,
        "complete_rate": 2.0,
        "post_p50_ms": 60.0,
        "post_p95_ms": 110.0,
        "post_p99_ms": 110.0,
        "post_max_ms": 110.0,
        "complete_p50_ms": 3600.0,
        "complete_p95_ms": 4000.0,
        "complete_p99_ms": 4000.0,
        "complete_max_ms": 4000.0,
        "send_delay_max_ms": 2.0,
        "errors": {"POST 503": 1},
    }
    assert seen.line() == ("4 s: 11 arrived, 11 accepted, 8 complete, 1 error(s), POST p95 110 ms")


def test_without_an_answer_there_are_no_times(clock):
    seen = Figures()
    assert seen.all_complete
    seen.arrive()
    seen.fail("POST timeout")
    summary = seen.summary()
    assert not seen.all_complete
    assert summary["post_p50_ms"] is summary["complete_max_ms"] is summary["arrival_rate"] is None
    assert json.loads(json.dumps(summary)) == summary
    assert seen.line().endswith("1 error(s), POST p95 -")


def test_errors_are_counted_by_kind_most_frequent_first():
    seen = Figures()
    kinds = ["POST 503"] * 5 + ["POST timeout"] * 2
    random.shuffle(kinds)
    for number, kind in enumerate(kinds):
        seen.fail(kind, f"text {number} of {kind}")
    seen.fail("fractal in error")
    assert list(seen.summary()["errors"].items()) == [
        ("POST 503", 5),
        ("POST timeout", 2),
        ("fractal in error", 1),
    ]
    assert sorted(seen.texts()) == [
        f"{kind}: text {kinds.index(kind)} of {kind}" for kind in ("POST 503", "POST timeout")
    ]
