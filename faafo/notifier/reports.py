# SPDX-License-Identifier: Apache-2.0
"""Reports: tells the API in batches how deliveries have ended, and which are released."""

import logging
import threading
from collections import deque
from collections.abc import Iterable

from faafo import errors
from faafo.client.deliveries import LARGEST_UPDATE, DeliveryClient
from faafo.fractal.service import Tally
from faafo.metrics import catalogue as metrics
from faafo.notifier.delivery import Delivery, Outcome
from faafo.notifier.leases import Leases
from faafo.retry import with_backoff
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two batches: too short to be noticed, and one request replaces many.
BATCH_INTERVAL = 0.05
# Seconds after which the thread says that it lives, though there is nothing to report.
IDLE_SECONDS = 10.0
# Seconds that a report waits for the API; while it is away, reports are repeated.
TIMEOUT = 20.0


class Reporter:
    """Reports outcomes, and gives their leases back.

    The first one is reported at once; those of the BATCH_INTERVAL after a batch make the next one.
    If a report is refused, its leases expire, and its deliveries are made once more.

    :param claimed_by: the instance id of the notifier.
    :param abandon: set when it is too late to retry while the API is unavailable.
    """

    def __init__(
        self,
        claimed_by: str,
        client: DeliveryClient,
        leases: Leases,
        abandon: threading.Event,
        vital: VitalThreads,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._leases = leases
        self._abandon = abandon
        self._vital = vital
        # None: released.
        self._waiting: deque[tuple[Delivery, Outcome | None]] = deque()
        self._arrived = threading.Condition()
        self._stopped = False
        self.tally = Tally()

    def report(self, delivery: Delivery, outcome: Outcome) -> None:
        """Queue an outcome for the next batch."""
        target = "bus" if delivery.webhook is None else "webhook"
        metrics.DELIVERIES.add(target, "delivered" if outcome.fault is None else "failed")
        metrics.DELIVERY_SECONDS.observe(outcome.duration, target)
        self.tally.add()
        with self._arrived:
            self._waiting.append((delivery, outcome))
            self._arrived.notify()

    def release(self, deliveries: Iterable[Delivery]) -> None:
        """Let others have deliveries that have not been begun."""
        with self._arrived:
            self._waiting += [(one, None) for one in deliveries]
            self._arrived.notify()

    def run(self) -> None:
        """Report until ``stop`` is called."""
        while batch := self._next_batch():
            self._report(batch)
            with self._arrived:
                self._arrived.wait_for(lambda: self._stopped, BATCH_INTERVAL)

    def stop(self) -> None:
        """Report what is queued, and then end ``run``."""
        with self._arrived:
            self._stopped = True
            self._arrived.notify_all()

    def _next_batch(self) -> list[tuple[Delivery, Outcome | None]]:
        with self._arrived:
            self._vital.beat("reports", IDLE_SECONDS)
            while not self._arrived.wait_for(self._has_work, IDLE_SECONDS):
                self._vital.beat("reports", IDLE_SECONDS)
            size = min(len(self._waiting), LARGEST_UPDATE)
            return [self._waiting.popleft() for _ in range(size)]

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._stopped

    def _report(self, batch: list[tuple[Delivery, Outcome | None]]) -> None:
        try:
            lost = with_backoff(errors.ApiUnavailable, self._abandon)(self._send, batch)
            if lost:
                LOG.info("the API had given %d of %d deliveries away", len(lost), len(batch))
        except errors.FaafoError as error:
            LOG.warning("could not report %d deliveries: %s", len(batch), error)
        # If this thread ended, nothing would be reported any more.
        except Exception:
            LOG.exception("could not report %d deliveries", len(batch))
        finally:
            self._leases.discard(delivery.lease for delivery, _outcome in batch)

    def _send(self, batch: list[tuple[Delivery, Outcome | None]]) -> list[int]:
        """Send a report; while the API is unavailable this is repeated, so it is not stuck."""
        self._vital.beat("reports")
        delivered, failed, released = [], [], []
        for delivery, outcome in batch:
            if outcome is None:
                released.append(delivery.as_body())
            elif outcome.fault is None:
                delivered.append(delivery.as_body() | outcome.as_body())
            else:
                failed.append(delivery.as_body() | outcome.as_body())
        return self._client.report(self._claimed_by, delivered, failed, released, TIMEOUT)
