# SPDX-License-Identifier: Apache-2.0
"""Deliveries to the bus: published one batch after the other, so that they keep their order."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from faafo.notifier.delivery import Delivery, Outcome
from faafo.notifier.reports import Reporter
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

# Deliveries that wait to be published, at most; a lease of each is renewed.
MOST_WAITING = 1000
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
        """Publish until ``close`` is called."""
        while batch := self._next_batch():
            begun_at = time.monotonic()
            fault = self._fault_of(batch)
            for delivery in batch:
                duration = time.monotonic() - begun_at
                self._reporter.report(delivery, Outcome(None, duration, fault))

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
        """Publish a batch; return why that has failed, None if it has not."""
        try:
            self._publish([one.record for one in batch])
        # Whatever a driver or its library raises, they are published again later.
        except Exception as error:
            fault = f"not published: {masked_text(str(error)) or type(error).__name__}"
            LOG.warning("%d event(s) were %s", len(batch), fault)
            return fault
        return None
