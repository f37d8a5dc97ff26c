# SPDX-License-Identifier: Apache-2.0
"""Writes the states of recent jobs to Redis anew, as the database has them."""

from collections.abc import Callable
from threading import Event
from typing import Protocol

from faafo.db import Session, jobs
from faafo.recent.state import JobState

# Ids in one query, however many of them are in use.
WINDOW = 2000


class Recent(Protocol):
    """Where states are kept: ``recent.server.RecentJobs``."""

    def apply(self, states: list[JobState]) -> int: ...


def rebuild(
    session: Session,
    recent: Recent,
    seconds: float,
    stop: Event,
    progress: Callable[[int, float], None],
) -> int:
    """Write the states of all jobs that have changed in the latest ``seconds``; return the number.

    A reader may be at work meanwhile: a state replaces an earlier one only, whoever has written
    it, and a job that changes after it was read here has an event.

    :param stop: ends it early.
    :param progress: called now and then with the number written so far and the part that is done.
    :raises faafo.errors.RedisUnavailable: when Redis does not answer, or is full.
    """
    first, last = jobs.span(session)
    total = 0
    for begin in range(first, last + 1, WINDOW):
        if stop.is_set():
            break
        rows = jobs.changed(session, begin, begin + WINDOW - 1, seconds)
        # No transaction is open while Redis is asked.
        session.rollback()
        recent.apply([JobState.of_record(dict(row), row["moment"]) for row in rows])
        total += len(rows)
        progress(total, min(1.0, (begin + WINDOW - first) / (last + 1 - first)))
    return total
