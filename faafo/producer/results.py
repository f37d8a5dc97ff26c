# SPDX-License-Identifier: Apache-2.0
"""Results: reports to the API how attempts have ended, finished renders in batches."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from faafo import errors
from faafo.client.http import LARGEST_CLAIM, Client
from faafo.correlation import UNKNOWN, Correlation
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from faafo.producer.faults import fault, reason
from faafo.producer.leases import Leases
from faafo.retry import with_backoff
from faafo.tracing import spans
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two batches: too short to be noticed, and one request replaces about ten.
BATCH_INTERVAL = 0.1
# Seconds that the API may take to release what has not started.
RELEASE_TIMEOUT = 2.0
# Seconds after which the reporter shows that it lives, though there is nothing to report.
IDLE_SECONDS = 10.0


class ResultReporter:
    """Reports to the API how attempts have ended, and discards their leases.

    The first result is reported at once; those of the BATCH_INTERVAL after a batch make the next
    one. If a report fails, the lease expires and the fractal is queued again.

    :param claimed_by: the instance id of the producer that holds the leases.
    :param abandon: set when it is too late to retry while the API is unavailable.
    """

    def __init__(
        self,
        claimed_by: str,
        client: Client,
        leases: Leases,
        abandon: threading.Event,
        vital: VitalThreads | None = None,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._leases = leases
        self._abandon = abandon
        self._vital = vital or VitalThreads()
        self._waiting: deque[tuple[Lease, FractalResult]] = deque()
        # What is waiting, and since when, while tracing is on.
        self._traced: dict[Lease, tuple[Correlation, float]] = {}
        self._arrived = threading.Condition()
        self._stopped = False
        self._immediate = False

    def report(
        self, lease: Lease, result: FractalResult, correlation: Correlation = UNKNOWN
    ) -> None:
        """Queue a result for the next batch."""
        with self._arrived:
            if spans.is_on():
                self._traced[lease] = (correlation, time.time())
            self._waiting.append((lease, result))
            self._arrived.notify()

    def fail(self, lease: Lease, worker: str, error: errors.FaafoError) -> None:
        """Report that an attempt has failed on ``worker``."""
        LOG.warning(
            "attempt %d of task %s failed on worker %s: %s",
            lease.attempt,
            lease.uuid,
            worker,
            reason(error),
        )
        text = fault(lease, f"worker {worker}", error)
        self._end([lease], self._with_backoff, self._client.fail, lease, text)

    def release(
        self, leases: list[Lease], worker: str = "", error: errors.FaafoError | None = None
    ) -> None:
        """Release leases, so that the fractals are queued again, one with an error with a fault."""
        text = error and fault(leases[0], f"worker {worker}", error)
        self._end(leases, self._with_backoff, self._client.release, self._claimed_by, leases, text)

    def fail_unparsed(self, lease: Lease, error: errors.FaafoError) -> None:
        """Report that this producer cannot parse a task; one request, not repeated."""
        LOG.error("task %s cannot be parsed: %s", lease.uuid, reason(error))
        text = fault(lease, f"producer {self._claimed_by}", error)
        self._end([lease], self._client.fail, lease, text)

    def release_all(self, leases: Sequence[Lease], timeout: float = RELEASE_TIMEOUT) -> bool:
        """Release leases in one request, not repeated; return False if the API is unavailable."""
        if not leases:
            return True
        try:
            self._client.release(self._claimed_by, leases, timeout=timeout)
        except errors.ApiUnavailable as error:
            LOG.warning("could not release %d lease(s): %s", len(leases), error)
            return False
        except errors.FaafoError as error:
            LOG.error("could not release %d lease(s), which will expire: %s", len(leases), error)
        for lease in leases:
            self._leases.discard(lease)
        return True

    def run(self) -> None:
        """Report results until ``stop`` is called."""
        while batch := self._next_batch():
            self._report_batch(batch)
            with self._arrived:
                self._arrived.wait_for(lambda: self._immediate, BATCH_INTERVAL)

    def report_immediately(self) -> None:
        """Report each result as soon as it arrives from now on."""
        with self._arrived:
            self._immediate = True
            self._arrived.notify_all()

    def stop(self) -> None:
        """Report the results that are queued, and then end ``run``."""
        with self._arrived:
            self._immediate = self._stopped = True
            self._arrived.notify_all()

    def _next_batch(self) -> dict[Lease, FractalResult]:
        with self._arrived:
            self._vital.beat("results", IDLE_SECONDS)
            while not self._arrived.wait_for(self._has_work, IDLE_SECONDS):
                self._vital.beat("results", IDLE_SECONDS)
            size = min(len(self._waiting), LARGEST_CLAIM)
            return dict(self._waiting.popleft() for _ in range(size))

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._stopped

    def _complete_all(self, batch: dict[Lease, FractalResult]) -> list[str]:
        """Report a batch; while the API is unavailable this is repeated, so it is not stuck."""
        self._vital.beat("results")
        return self._client.complete_all(self._claimed_by, batch.items())

    def _report_batch(self, batch: dict[Lease, FractalResult]) -> None:
        """Report a batch; if that fails, its leases expire."""
        lost: list[str] = []
        failure: str | None = None
        try:
            lost = self._with_backoff(self._complete_all, batch)
            for uuid in lost:
                LOG.warning("the API refused the result of task %s: the lease was lost", uuid)
        except errors.FaafoError as error:
            failure = type(error).__name__
            for lease in batch:
                LOG.warning("could not report the result of task %s: %s", lease.uuid, error)
        # If this thread ended, no later result would be reported.
        except Exception as error:
            failure = type(error).__name__
            LOG.exception("could not report the results of %d task(s)", len(batch))
        finally:
            for lease in batch:
                self._leases.discard(lease)
                stale = errors.StaleAttempt.__name__ if lease.uuid in lost else None
                self._record(lease, failure or stale)

    def _record(self, lease: Lease, error: str | None) -> None:
        """Record the span of a report, if its fractal is traced."""
        if spans.is_on() and lease in self._traced:
            correlation, begun_at = self._traced.pop(lease)
            kind = spans.Kind.CLIENT
            spans.record("report", correlation, begun_at, kind=kind, error=error)

    def _end(self, leases: list[Lease], call: Callable, *arguments: Any) -> None:
        """Make a call that ends attempts, and discard their leases."""
        try:
            call(*arguments)
        except errors.FaafoError as error:
            for lease in leases:
                LOG.warning("could not report the end of task %s: %s", lease.uuid, error)
        finally:
            for lease in leases:
                self._leases.discard(lease)

    def _with_backoff(self, call: Callable, *arguments: Any) -> Any:
        """Make a call, repeated while the API is unavailable, until ``abandon`` is set."""
        return with_backoff(errors.ApiUnavailable, self._abandon)(call, *arguments)
