# SPDX-License-Identifier: Apache-2.0
"""Deliveries to the bus: published one batch after the other, so that they keep their order."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from faafo import errors
from faafo.notifier.delivery import Delivery, Outcome
from faafo.notifier.reports import Reporter
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

# Deliveries that wait to be published, at most; a lease of each is renewed.
MOST_WAITING = 1000
# Seconds between two attempts while the broker is away: they double up to the longest pause.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
# Publishes deliveries as the API has answered them; raises when they were not all published.
Publish = Callable[[list[Mapping[str, Any]]], None]


class Bus:
    """Publishes deliveries in a thread, and reports them once they are published."""

    def __init__(self, publish: Publish, reporter: Reporter) -> None:
        self._publish = publish
        self._reporter = reporter
        self._waiting: list[Delivery] = []
        self._changed = threading.Condition()
        self._stopped = False

    def wants(self) -> bool:
        """Return whether more deliveries are to be claimed."""
        with self._changed:
            return len(self._waiting) < MOST_WAITING

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Publish deliveries soon."""
        with self._changed:
            self._waiting += deliveries
            self._changed.notify()

    def discard(self, leases: set[tuple[int, int]]) -> None:
        """Forget those that wait: somebody else has their leases."""
        with self._changed:
            self._waiting = [one for one in self._waiting if one.lease not in leases]

    def run(self) -> None:
        """Publish until ``close`` is called.

        While the broker is away, deliveries are no failures: they wait, with their leases.
        """
        pause = FIRST_PAUSE
        while batch := self._next_batch():
            begun_at = time.monotonic()
            try:
                fault = self._fault_of(batch)
            except errors.BrokerUnavailable as error:
                LOG.warning("%d event(s) wait, trying again in %g s: %s", len(batch), pause, error)
                self._hold(batch, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            for delivery in batch:
                duration = time.monotonic() - begun_at
                self._reporter.report(delivery, Outcome(None, duration, fault))

    def _hold(self, batch: list[Delivery], seconds: float) -> None:
        """Have a batch be the next one again, after a pause; release it if this stops."""
        with self._changed:
            if not self._stopped:
                self._waiting = batch + self._waiting
                self._changed.wait_for(lambda: self._stopped, seconds)
                return
        self._reporter.release(batch)

    def close(self) -> list[Delivery]:
        """Publish nothing any more; return the deliveries that wait."""
        with self._changed:
            waiting, self._waiting = self._waiting, []
            self._stopped = True
            self._changed.notify_all()
            return waiting

    def _next_batch(self) -> list[Delivery]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            batch, self._waiting = self._waiting, []
            return batch

    def _fault_of(self, batch: list[Delivery]) -> str | None:
        """Publish a batch; return why that has failed, None if it has not.

        :raises faafo.errors.BrokerUnavailable: when the broker has not confirmed all of it.
        """
        try:
            self._publish([one.record for one in batch])
        except errors.BrokerUnavailable:
            raise
        # Whatever a driver or its library raises, they are published again later.
        except Exception as error:
            fault = f"not published: {masked_text(str(error)) or type(error).__name__}"
            LOG.warning("%d event(s) were %s", len(batch), fault)
            return fault
        return None
