# SPDX-License-Identifier: Apache-2.0
"""Leases: the deliveries that a notifier has claimed, renewed until they have been reported."""

import logging
import threading
from collections.abc import Callable, Iterable

from faafo import errors
from faafo.client.deliveries import DeliveryClient
from faafo.notifier.delivery import Delivery
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3
# Seconds that a renewal waits for the API, at most.
LONGEST_TIMEOUT = 20.0


class Leases:
    """Renews the leases of a notifier.

    :param claimed_by: the instance id of the notifier.
    :param duration: seconds until a lease expires that is not renewed.
    :param lost: called with ids and attempts of deliveries that this notifier no longer holds.
    """

    def __init__(
        self,
        claimed_by: str,
        client: DeliveryClient,
        duration: float,
        lost: Callable[[set[tuple[int, int]]], None],
        vital: VitalThreads,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._duration = duration
        self._interval = duration / RENEWALS_PER_LEASE
        self._lost = lost
        self._vital = vital
        # By id: after a claim of the same delivery the earlier one is void.
        self._held: dict[int, Delivery] = {}
        self._lock = threading.Lock()

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Renew the leases of deliveries from now on."""
        with self._lock:
            self._held |= {one.id: one for one in deliveries}

    def discard(self, leases: Iterable[tuple[int, int]]) -> None:
        """Renew leases no longer; no error when they are not held."""
        with self._lock:
            for one_id, attempt in leases:
                held = self._held.get(one_id)
                if held is not None and held.attempt == attempt:
                    del self._held[one_id]

    def held(self) -> list[Delivery]:
        """Return the deliveries whose leases are held."""
        with self._lock:
            return list(self._held.values())

    def run(self, stop: threading.Event) -> None:
        """Renew all leases that are held until ``stop`` is set."""
        while not stop.wait(self._interval):
            self._vital.beat("leases", self._interval)
            held = self.held()
            try:
                if held:
                    self._renew(held)
            except errors.FaafoError as error:
                LOG.warning("could not renew %d lease(s): %s", len(held), error)
            # If this thread ended, every lease would expire.
            except Exception:
                LOG.exception("could not renew %d lease(s)", len(held))

    def _renew(self, held: list[Delivery]) -> None:
        bodies = [one.as_body() for one in held]
        # A renewal that waits longer than this is repeated while the leases are still valid.
        timeout = min(self._interval, LONGEST_TIMEOUT)
        ids = set(self._client.renew(self._claimed_by, bodies, self._duration, timeout))
        # What has been reported meanwhile is not lost.
        lost = {one.lease for one in self.held() if one in held and one.id in ids}
        if lost:
            LOG.info("lost the leases of %d deliveries: deleted, or claimed again", len(lost))
            self.discard(lost)
            self._lost(lost)
