# SPDX-License-Identifier: Apache-2.0
"""The canceller: casts cancellations to workers in a thread of its own."""

import logging
import threading
import time

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)

# Seconds between two tries, and after which a cancellation is dropped: the render ends by itself.
RETRY_SECONDS = 2.0
LONGEST_SECONDS = 120.0


class Canceller:
    """Cancels renders, so that neither renewals nor a drain wait while the broker is silent."""

    def __init__(self, workers: WorkerClient) -> None:
        self._workers = workers
        # The time at which each cancellation was requested first.
        self._requested: dict[tuple[Lease, str], float] = {}
        self._arrived = threading.Condition()

    def cancel(self, lease: Lease, worker: str | None) -> None:
        """Cancel the render of a lease soon; None is no worker."""
        if worker is None:
            return
        with self._arrived:
            self._requested.setdefault((lease, worker), time.monotonic())
            self._arrived.notify()

    def run(self) -> None:
        """Cast cancellations for ever, one after the other."""
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._requested)
                lease, worker = next(iter(self._requested))
                requested_at = self._requested.pop((lease, worker))
            self._cast(lease, worker, requested_at)

    def _cast(self, lease: Lease, worker: str, requested_at: float) -> None:
        try:
            self._workers.cancel(lease, worker)
        except errors.BrokerUnavailable as error:
            LOG.warning("could not cancel task %s: %s", lease.uuid, error)
            if time.monotonic() < requested_at + LONGEST_SECONDS:
                with self._arrived:
                    self._requested.setdefault((lease, worker), requested_at)
                    self._arrived.wait_for(lambda: len(self._requested) > 1, RETRY_SECONDS)
