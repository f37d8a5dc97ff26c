# SPDX-License-Identifier: Apache-2.0
"""Leases: what a producer holds, renewed for as long as it does."""

import logging
import threading
from collections.abc import Callable

from faafo import errors
from faafo.client.http import Client
from faafo.fractal.lease import Lease

LOG = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3


class Leases:
    """Keeps the leases of a producer alive.

    :param claimed_by: the instance id of the producer.
    :param duration: seconds that a lease holds.
    :param interval: seconds between two renewals, unless the duration asks for a shorter one.
    :param rows_done: tells how many rows of a uuid a worker has rendered, None if nobody knows.
    :param lost: called with a lease that is no longer ours, and the worker that was entrusted
        with it, None if there is none yet.
    """

    def __init__(
        self,
        claimed_by: str,
        client: Client,
        duration: float,
        interval: float,
        rows_done: Callable[[str, str | None], int | None],
        lost: Callable[[Lease, str | None], None],
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._duration = duration
        self._interval = min(interval, duration / RENEWALS_PER_LEASE)
        self._rows_done = rows_done
        self._lost = lost
        self._workers: dict[Lease, str | None] = {}
        self._none_left = threading.Condition()

    def run(self, stop: threading.Event) -> None:
        """Renew what is held until ``stop`` is set."""
        while not stop.wait(self._interval):
            held = self.held()
            if not held:
                continue
            try:
                lost = self._renew(held)
            except errors.FaafoError as error:
                LOG.warning("could not renew %d lease(s): %s", len(held), error)
                continue
            for lease in held:
                if lease.uuid in lost and lease in self.held():
                    LOG.info("task %s is no longer ours: deleted, or claimed by others", lease.uuid)
                    self._lost(lease, self.worker_of(lease))

    def _renew(self, held: list[Lease]) -> list[str]:
        """Renew leases, and tell how far the renders are; return the uuids that were lost."""
        rows = {one.uuid: self._rows_done(one.uuid, self.worker_of(one)) for one in held}
        known = {uuid: done for uuid, done in rows.items() if done is not None}
        return self._client.renew(self._claimed_by, held, self._duration, known)

    def hold(self, lease: Lease) -> None:
        """Take a lease on; an earlier one on the same fractal is lost."""
        with self._none_left:
            earlier = [one for one in self._workers if one.uuid == lease.uuid]
            entrusted = [(one, self._workers.pop(one)) for one in earlier]
            self._workers[lease] = None
        for one, worker in entrusted:
            self._lost(one, worker)

    def entrust(self, lease: Lease, worker: str | None) -> None:
        """Remember which worker renders what is held, None once it has been rendered."""
        with self._none_left:
            if lease in self._workers:
                self._workers[lease] = worker

    def worker_of(self, lease: Lease) -> str | None:
        """Return the worker that renders what is held now, None if there is none."""
        with self._none_left:
            return self._workers.get(lease)

    def let_go(self, lease: Lease) -> None:
        """Renew a lease no longer; harmless when it is not held."""
        with self._none_left:
            self._workers.pop(lease, None)
            self._none_left.notify_all()

    def held(self) -> list[Lease]:
        """Return the leases that are held."""
        with self._none_left:
            return list(self._workers)

    def wait_until_none(self, timeout: float, but: Lease | None = None) -> bool:
        """Return whether nothing ``but`` that is held, after ``timeout`` seconds at the latest."""
        with self._none_left:
            return self._none_left.wait_for(lambda: self._workers.keys() <= {but}, timeout)
