# SPDX-License-Identifier: Apache-2.0
"""Leases: the attempts that a producer has claimed, renewed until they end."""

import logging
import threading
from collections.abc import Callable, Iterable

from faafo import errors
from faafo.client.http import Client
from faafo.fractal.lease import Lease
from faafo.metrics import catalogue as metrics
from faafo.pause import pause
from faafo.producer.pace import LONGEST_READ_TIMEOUT, RENEWALS_PER_LEASE, Pace
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)


class Leases:
    """Renews the leases of a producer.

    :param claimed_by: the instance id of the producer.
    :param pace: the duration of a lease, and the interval between two renewals.
    :param rows_done: returns how many rows of a uuid a worker has rendered, None if unknown.
    :param lost: called with a lease that this producer no longer holds, and the worker that
        renders it, None if none is assigned.
    """

    def __init__(
        self,
        claimed_by: str,
        client: Client,
        pace: Pace,
        rows_done: Callable[[str, str | None], int | None],
        lost: Callable[[Lease, str | None], None],
        vital: VitalThreads | None = None,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._pace = pace
        self._rows_done = rows_done
        self._lost = lost
        self._vital = vital or VitalThreads()
        self._workers: dict[Lease, str | None] = {}
        self._emptied = threading.Condition()

    def run(self, stop: threading.Event) -> None:
        """Renew all leases that are held until ``stop`` is set."""
        while not pause(stop, lambda: self._pace.renew_interval):
            self._vital.beat("leases", self._pace.renew_interval)
            held = self.held()
            if not held:
                continue
            try:
                self._renew(held)
            except errors.FaafoError as error:
                LOG.warning("could not renew %d lease(s): %s", len(held), error)
            # If this thread ended, every lease would expire.
            except Exception:
                LOG.exception("could not renew %d lease(s)", len(held))

    def _renew(self, held: list[Lease]) -> None:
        """Renew leases and report the progress of renders; cancel the renders of lost leases."""
        lost = self._request_renewal(held)
        for lease in held:
            if lease.uuid in lost and lease in self.held():
                LOG.info("lost the lease of task %s: deleted or claimed again", lease.uuid)
                metrics.LEASES_LOST.add()
                self._lost(lease, self.worker_of(lease))

    def _request_renewal(self, held: list[Lease]) -> list[str]:
        rows = {one.uuid: self._rows_done(one.uuid, self.worker_of(one)) for one in held}
        known = {uuid: done for uuid, done in rows.items() if done is not None}
        # A renewal that waits longer than this is repeated while the leases are still valid.
        duration = self._pace.lease_duration
        timeout = min(duration / RENEWALS_PER_LEASE, LONGEST_READ_TIMEOUT)
        return self._client.renew(self._claimed_by, held, duration, known, timeout)

    def add(self, lease: Lease) -> None:
        """Renew ``lease`` from now on; an earlier one on the same fractal is lost."""
        with self._emptied:
            earlier = [one for one in self._workers if one.uuid == lease.uuid]
            replaced = [(one, self._workers.pop(one)) for one in earlier]
            self._workers[lease] = None
        for one, worker in replaced:
            self._lost(one, worker)

    def assign(self, lease: Lease, worker: str | None) -> None:
        """Record which worker renders a lease, None once the render has ended."""
        with self._emptied:
            if lease in self._workers:
                self._workers[lease] = worker

    def worker_of(self, lease: Lease) -> str | None:
        """Return the worker that renders a lease now, None if there is none."""
        with self._emptied:
            return self._workers.get(lease)

    def discard(self, lease: Lease) -> None:
        """Renew ``lease`` no longer; no error when it is not held."""
        with self._emptied:
            self._workers.pop(lease, None)
            self._emptied.notify_all()

    def held(self) -> list[Lease]:
        """Return the leases that are held."""
        with self._emptied:
            return list(self._workers)

    def wait_until_empty(self, timeout: float, excluding: Iterable[Lease] = ()) -> bool:
        """Return whether only ``excluding`` leases are held, within ``timeout`` seconds."""
        excluded = set(excluding)
        with self._emptied:
            return self._emptied.wait_for(lambda: self._workers.keys() <= excluded, timeout)
