# SPDX-License-Identifier: Apache-2.0
"""The figures of a load: rates, percentiles of times, errors by kind."""

import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}


class Figures:
    """Counts what happens to the arrivals of a load; shared by its threads.

    Times count from the moment at which an arrival was due, not from the one at which it was sent:
    otherwise a service that stalls would delay the arrivals that would show it (G. Tene, "How NOT
    to Measure Latency", 2015, calls that coordinated omission).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun_at = self._arrived_at = self._completed_at = time.monotonic()
        self._arrivals = 0
        self._delay = 0.0
        self._posts: list[float] = []
        self._completions: list[float] = []
        self._errors: Counter[str] = Counter()
        # The text of the first error of each kind.
        self._texts: dict[str, str] = {}

    def arrive(self) -> None:
        """Count an arrival."""
        with self._lock:
            self._arrivals += 1
            self._arrived_at = time.monotonic()

    def send(self, due_at: float) -> None:
        """Note when an arrival is sent; late when this machine cannot keep up."""
        with self._lock:
            self._delay = max(self._delay, time.monotonic() - due_at)

    def accept(self, due_at: float) -> None:
        """Count an arrival whose POST has been answered with 201."""
        with self._lock:
            self._posts.append(time.monotonic() - due_at)

    def complete(self, due_at: float) -> None:
        """Count an arrival whose fractal is complete."""
        with self._lock:
            self._completed_at = time.monotonic()
            self._completions.append(self._completed_at - due_at)

    def fail(self, kind: str, text: str = "") -> None:
        """Count an error; the first text of its kind is kept."""
        with self._lock:
            self._errors[kind] += 1
            self._texts.setdefault(kind, text)

    def texts(self) -> list[str]:
        """Return a line for each kind of error that has a text, which is that of the first one."""
        with self._lock:
            return [f"{kind}: {text}" for kind, text in self._texts.items() if text]

    @property
    def all_complete(self) -> bool:
        """Whether every arrival so far has led to a complete fractal."""
        return len(self._completions) == self._arrivals

    def line(self) -> str:
        """Return the most important figures so far in one line."""
        with self._lock:
            posts = sorted(self._posts[-1000:])
            shown = f"{1000 * percentile(posts, 0.95):.0f} ms" if posts else "-"
            return (
                f"{time.monotonic() - self._begun_at:.0f} s: {self._arrivals} arrived, "
                f"{len(self._posts)} accepted, {len(self._completions)} complete, "
                f"{self._errors.total()} error(s), POST p95 {shown}"
            )

    def summary(self) -> dict[str, Any]:
        """Return all figures: rates a second, times in milliseconds, None where there are none."""
        with self._lock:
            arriving = self._arrived_at - self._begun_at
            return {
                "arrivals": self._arrivals,
                # The time between n arrivals is n - 1 intervals.
                "arrival_rate": _rate(self._arrivals - 1, arriving),
                "accepted": len(self._posts),
                "complete": len(self._completions),
                "complete_rate": _rate(len(self._completions), self._completed_at - self._begun_at),
                **_times("post", self._posts),
                **_times("complete", self._completions),
                "send_delay_max_ms": _milliseconds(self._delay),
                "errors": dict(self._errors.most_common()),
            }


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return the smallest value that at least ``part`` of all values do not exceed (nearest rank).

    :param ordered: the values, at least one, in ascending order.
    """
    return ordered[max(1, math.ceil(part * len(ordered))) - 1]


def _times(what: str, seconds: list[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    return {
        f"{what}_{name}_ms": _milliseconds(percentile(ordered, part)) if ordered else None
        for name, part in PERCENTILES.items()
    }


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _rate(count: int, seconds: float) -> float | None:
    return round(count / seconds, 2) if count > 0 and seconds > 0 else None
