# SPDX-License-Identifier: Apache-2.0
"""Arrivals: has the API tell an idle service as soon as there is something to claim."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from faafo import errors
from faafo.pause import pause

LOG = logging.getLogger(__name__)

# Seconds that one request waits at the API.
WAIT_SECONDS = 20.0
# Answers in a row for which no claim gets anything, after which there is a pause.
MOST_IN_VAIN = 3


class Waiting(Protocol):
    """A client of the API that can wait there."""

    def wait_for_claimable(self, seconds: float) -> bool:
        """Return whether there is something to claim, as soon as there is within ``seconds``."""
        ...


class Arrivals:
    """Waits at the API in a thread of its own, since whoever claims also waits for free places.

    :param wake: called when there is something to claim.
    :param interval: returns the seconds between two requests while the API lets none wait.
    """

    def __init__(
        self, client: Waiting, wake: Callable[[], None], interval: Callable[[], float]
    ) -> None:
        self._client = client
        self._wake = wake
        self._interval = interval
        self._wanted = threading.Event()
        # Answers that there is something, since the last claim that got one.
        self._in_vain = 0
        # Whether the API is known to let requests wait: then an idle service need not ask often.
        self.is_waiting = False

    def want(self) -> None:
        """Wait from now on: there is a free place, and nothing to claim."""
        self._wanted.set()

    def claimed(self) -> None:
        """Note that a claim got something."""
        self._in_vain = 0

    def run(self, stop: threading.Event) -> None:
        """Wait whenever that is wanted, until ``stop`` is set; ends if the API is too old."""
        try:
            while not stop.is_set():
                if pause(self._wanted, self._interval):
                    self._wanted.clear()
                    self._wait(stop)
        except errors.ApiRefused as error:
            LOG.info("the API does not tell when there is work, so it is asked: %s", error)
        finally:
            self.is_waiting = False

    def _wait(self, stop: threading.Event) -> None:
        """Wait at the API once, and wake the service if there is something."""
        begun_at = time.monotonic()
        found = answered = False
        try:
            found = self._client.wait_for_claimable(WAIT_SECONDS)
            answered = True
        except errors.ApiRefused:
            raise
        except errors.FaafoError as error:
            LOG.debug("could not wait for work: %s", error)
        # The answer comes from another process, and the next one may be better.
        except Exception:
            LOG.exception("could not wait for work")
        has_waited = time.monotonic() - begun_at > WAIT_SECONDS / 2
        self.is_waiting = found or (answered and has_waited)
        if found:
            self._wake()
            self._in_vain += 1
        elif has_waited:
            self._in_vain = 0
        # Another service may hold the lock of the only one for a while.
        if not self.is_waiting or self._in_vain > MOST_IN_VAIN:
            pause(stop, self._interval)
