# SPDX-License-Identifier: Apache-2.0
"""Stores the states that events tell of, and waits while Redis does not take them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from faafo import errors
from faafo.fractal.service import Tally
from faafo.metrics import catalogue as metrics
from faafo.recent.state import JobState

LOG = logging.getLogger(__name__)

# Seconds between two attempts; the first pause, which doubles, and the longest one.
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
# Seconds after which events are queued again: a broker takes back what nobody acknowledges.
LONGEST_HOLD = 60.0


class Jobs(Protocol):
    """Where states are kept: ``recent.server.RecentJobs``."""

    def apply(self, states: Sequence[JobState]) -> int: ...


class States:
    """Stores the states of events in ``jobs`` until ``stop`` is set.

    :param clock: returns monotonic seconds.
    """

    def __init__(
        self, jobs: Jobs, stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._stop = stop
        self._clock = clock
        self._is_away = False
        self.tally = Tally()
        metrics.REDIS_UP.read_from(lambda: float(not self._is_away))

    def store(self, payloads: Sequence[Any]) -> bool:
        """Store what ``payloads`` tell; return False if they have to be queued again.

        A payload that breaks the contract is dropped: it will not be any better the next time.
        """
        states = [state for payload in payloads if (state := _state(payload)) is not None]
        latest = self._clock() + LONGEST_HOLD
        pause = FIRST_PAUSE
        while not self._apply(states):
            if self._clock() >= latest or self._stop.wait(pause):
                metrics.EVENTS.add("queued again", amount=len(states))
                return False
            pause = min(2 * pause, LONGEST_PAUSE)
        metrics.EVENTS.add("stored", amount=len(states))
        self.tally.add(len(states))
        return True

    def _apply(self, states: Sequence[JobState]) -> bool:
        try:
            self._jobs.apply(states)
        except errors.RedisUnavailable as error:
            if not self._is_away:
                LOG.warning("%s; events wait", error)
            self._is_away = True
            return False
        if self._is_away:
            LOG.info("Redis stores states again")
        self._is_away = False
        return True


def _state(payload: Any) -> JobState | None:
    try:
        return JobState.of_event(payload)
    except errors.InvalidMessage as error:
        LOG.warning("dropped an event: %s", error)
        metrics.EVENTS.add("dropped")
        return None
