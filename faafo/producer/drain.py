# SPDX-License-Identifier: Apache-2.0
"""The drain of a producer: what it does between SIGTERM and its end, in bounded time."""

import logging
import threading
import time

from faafo.fractal.lease import Lease
from faafo.producer.backlog import Backlog
from faafo.producer.canceller import Canceller
from faafo.producer.leases import Leases
from faafo.producer.results import ResultReporter

LOG = logging.getLogger(__name__)

# Seconds beyond drain_timeout after which a drain ends, whatever state the peers are in.
GRACE_SECONDS = 3.0
# Seconds that cancelled renders get to end; a worker checks several times a second.
CANCEL_SECONDS = 2.0
# Seconds that the API gets to release leases, at least.
RELEASE_SECONDS = 1.0


class Drain:
    """A drain that begins now, and ends within ``timeout`` and GRACE_SECONDS."""

    def __init__(
        self, timeout: float, backlog: Backlog, leases: Leases, results: ResultReporter
    ) -> None:
        self._deadline = time.monotonic() + timeout
        self._end = self._deadline + GRACE_SECONDS
        self._backlog = backlog
        self._leases = leases
        self._results = results

    def run(self, claiming: threading.Thread, canceller: Canceller) -> None:
        """Wait for results until the deadline, then cancel and release what is left.

        :param claiming: the thread that claims; a claim under way is released by it.
        """
        self._results.report_immediately()
        waiting = [job.lease for job in self._backlog.take_all()]
        self._results.release_all(waiting, RELEASE_SECONDS)
        claiming.join(self._left(self._deadline))
        if not self._leases.wait_until_empty(self._left(self._deadline), excluding=waiting):
            self._cancel_unfinished(waiting, canceller)
        left = max(RELEASE_SECONDS / 2, self._left(self._end))
        if not self._results.release_all(self._leases.held(), min(RELEASE_SECONDS, left)):
            LOG.warning("%d lease(s) will expire", len(self._leases.held()))

    def join(self, thread: threading.Thread) -> None:
        """Wait for a thread until the drain ends."""
        thread.join(self._left(self._end))

    def _cancel_unfinished(self, waiting: list[Lease], canceller: Canceller) -> None:
        """Cancel the renders under way, and wait until their leases have been reported.

        :param waiting: leases that have not started, and could not be released.
        """
        unfinished = [lease for lease in self._leases.held() if lease not in waiting]
        LOG.info("cancelling %d unfinished task(s)", len(unfinished))
        for lease in unfinished:
            canceller.cancel(lease, self._leases.worker_of(lease))
        self._leases.wait_until_empty(CANCEL_SECONDS, excluding=waiting)

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - time.monotonic())
