# SPDX-License-Identifier: Apache-2.0
"""The drain of a producer: what it does between SIGTERM and its end, in bounded time."""

import logging
import threading
import time

from faafo.fractal.lease import Lease
from faafo.producer.backlog import Backlog
from faafo.producer.canceller import Canceller
from faafo.producer.leases import Leases
from faafo.producer.pace import Pace
from faafo.producer.results import ResultReporter

LOG = logging.getLogger(__name__)

# Seconds beyond drain_timeout after which a drain ends, whatever state the peers are in.
GRACE_SECONDS = 3.0
# Seconds that cancelled renders get to end; a worker checks several times a second.
CANCEL_SECONDS = 2.0
# The same once the drain is forced: the process has two seconds.
FORCED_SECONDS = 0.5
# Seconds between two checks whether the drain is forced.
POLL_SECONDS = 0.1
# Seconds that the API gets to release leases, at least.
RELEASE_SECONDS = 1.0


class Drain:
    """A drain that begins now, and ends within ``drain_timeout`` and GRACE_SECONDS.

    :param forced: ends every wait once it is set; what is left is cancelled and released.
    """

    def __init__(
        self,
        pace: Pace,
        forced: threading.Event,
        backlog: Backlog,
        leases: Leases,
        results: ResultReporter,
    ) -> None:
        self._forced = forced
        self._deadline = time.monotonic() + pace.drain_timeout
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
        while claiming.is_alive() and self._left(self._deadline) and not self._forced.is_set():
            claiming.join(POLL_SECONDS)
        if not self._wait_for_reports(self._deadline, waiting):
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
        seconds = FORCED_SECONDS if self._forced.is_set() else CANCEL_SECONDS
        self._leases.wait_until_empty(seconds, excluding=waiting)

    def _wait_for_reports(self, deadline: float, waiting: list[Lease]) -> bool:
        """Return whether all leases but ``waiting`` have been reported in time."""
        while not self._forced.is_set() and self._left(deadline):
            if self._leases.wait_until_empty(POLL_SECONDS, excluding=waiting):
                return True
        return self._leases.wait_until_empty(0.0, excluding=waiting)

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - time.monotonic())
