# SPDX-License-Identifier: Apache-2.0
"""The dispatcher: claims queued fractals, has workers render them, and reports the results."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from faafo import errors
from faafo.client.arrivals import Arrivals
from faafo.client.http import Client, Record
from faafo.correlation import Correlation, Work
from faafo.fractal.kinds import in_order
from faafo.fractal.lease import Lease
from faafo.metrics import catalogue as metrics
from faafo.pause import pause
from faafo.producer import capacity
from faafo.producer.backlog import Backlog, Job, fitting
from faafo.producer.canceller import Canceller
from faafo.producer.drain import Drain
from faafo.producer.faults import unexpected
from faafo.producer.leases import Leases
from faafo.producer.pace import Pace
from faafo.producer.recovery import Recovery
from faafo.producer.refusals import Refusals
from faafo.producer.registry import WorkerRegistry
from faafo.producer.results import ResultReporter
from faafo.producer.runner import Runner
from faafo.retry import with_backoff
from faafo.rpc.client import WorkerClient
from faafo.tracing import spans
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two claims, at least, while nothing is queued.
SHORTEST_PAUSE = 0.05


class Dispatcher:
    """Claims fractals for free slots, and has each one rendered in a thread.

    :param wake: set when a slot may have become free, or a fractal been posted.
    :param is_disabled: tells whether nothing is claimed; what has begun is finished.
    """

    def __init__(
        self,
        claimed_by: str,
        client: Client,
        registry: WorkerRegistry,
        workers: WorkerClient,
        pace: Pace,
        wake: threading.Event,
        vital: VitalThreads | None = None,
        is_disabled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._claimed_by = claimed_by
        self._is_disabled = is_disabled
        self._client = client
        self._registry = registry
        self._pace = pace
        self._wake = wake
        self._vital = vital or VitalThreads()
        self._canceller = Canceller(workers)
        # Leases we hold and have not yet reported.
        self._leases = Leases(
            claimed_by,
            client,
            pace,
            registry.rows_done,
            self._canceller.cancel,
            self._vital,
        )
        self._waiting = capacity.Waiting(client)
        self._arrivals = Arrivals(self._waiting, wake.set, lambda: pace.claim_interval)
        self._refusals = Refusals()
        self._stop = threading.Event()
        # Set when draining must not wait any longer for the API to accept results.
        self._abandon = threading.Event()
        self._results = ResultReporter(claimed_by, client, self._leases, self._abandon, self._vital)
        self._backlog = Backlog()
        self._runner = Runner(
            claimed_by,
            registry,
            workers,
            self._backlog,
            self._leases,
            self._results,
            self._canceller,
            Recovery(registry, workers, pace.lease_duration, self._stop),
            self._stop,
        )
        metrics.LEASES.read_from(lambda: len(self._leases.held()))
        metrics.BACKLOG.read_from(lambda: len(self._backlog))
        metrics.WORKERS.read_from(registry.count)

    def run(self, stop: threading.Event, forced: threading.Event) -> None:
        """Dispatch until ``stop`` is set, then drain: within ``drain_timeout`` and four seconds.

        Once ``forced`` is set, what is left is cancelled and released within two seconds. Whatever
        waits for a peer does so in a thread that is not waited for any longer.
        """
        drained = threading.Event()
        claiming = _started("dispatcher", self._claim_until_stopped)
        reporting = _started("results", self._results.run)
        _started("leases", self._leases.run, drained)
        _started("cancels", self._canceller.run)
        _started("arrivals", self._arrivals.run, self._stop)
        stop.wait()
        self._stop.set()
        self._wake.set()
        drain = Drain(self._pace, forced, self._backlog, self._leases, self._results)
        drain.run(claiming, self._canceller)
        self._abandon.set()
        drained.set()
        self._results.stop()
        drain.join(reporting)

    def load(self) -> dict[str, int]:
        """Return the numbers of jobs done, of leases, of those not begun, and of live workers."""
        return {
            "done": self._backlog.ended,
            "leases": len(self._leases.held()),
            "backlog": len(self._backlog),
            "workers": self._registry.count(),
        }

    def _claim_until_stopped(self) -> None:
        found_at = time.monotonic()
        while True:
            # Cleared before the claim, so that no later event is missed.
            self._wake.clear()
            self._vital.beat("dispatcher", self._pace.claim_interval)
            if self._stop.is_set():
                break
            if self._dispatch():
                found_at = time.monotonic()
            else:
                idle = time.monotonic() - found_at
                pause(self._wake, partial(self._pause, idle))

    def _pause(self, idle: float) -> float:
        """Return the seconds until the next claim, after ``idle`` seconds without a job.

        Unless the API tells when there is work, the pause grows with the idle time, since after
        recent work more is likely to come soon.
        """
        if self._arrivals.is_waiting:
            return self._pace.claim_interval
        return min(self._pace.claim_interval, max(SHORTEST_PAUSE, idle / 10))

    def _dispatch(self) -> bool:
        """Claim jobs for free slots and start them; return whether any was claimed."""
        refused: errors.FaafoError | None = None
        try:
            groups = [] if self._is_disabled() else self._registry.groups()
            # What no live worker can do is left to other producers.
            self._runner.release_backlog(fitting(group.skill for group in groups))
            self._runner.start_jobs()
            shares = capacity.shares(self._registry.groups(), self._backlog)
            if not shares or self._is_disabled():
                return False
            self._waiting.want(shares)
            if self._claim_all(shares):
                self._arrivals.claimed()
                return True
            self._arrivals.want()
        except errors.FaafoError as error:
            refused = error
        # The answer comes from another process, and whatever it holds, the next one may be better.
        # If this thread ended, nothing would be claimed any more.
        except Exception:
            LOG.exception("could not dispatch")
        if refused is not None:
            self._refusals.log(refused)
        return False

    def _claim_all(self, shares: list[capacity.Share]) -> bool:
        """Claim jobs and start them; return whether any was claimed."""
        found = False
        exhausted: list[capacity.Share] = []
        for share in shares:
            if any(capacity.covers(one, share) for one in exhausted):
                continue
            claim = with_backoff(errors.ApiUnavailable, self._stop)
            claimed, asked_at = claim(self._claim, share)
            self._refusals.forget()
            self._accept(claimed, asked_at)
            self._runner.start_jobs()
            found = found or bool(claimed)
            if len(claimed) < share.most:
                exhausted.append(share)
        return found

    def _claim(self, share: capacity.Share) -> tuple[list[Record], float | None]:
        """Claim; while the API is unavailable this is repeated, and the thread is not stuck.

        The second value is when it was asked, in seconds since 1970, for traces.
        """
        if self._stop.is_set():
            return [], None
        self._vital.beat("dispatcher", self._pace.claim_interval)
        asked_at = time.time() if spans.is_on() else None
        lease = self._pace.lease_duration
        version, ability = share.skill
        needs = in_order(ability.needs())
        return self._client.claim(self._claimed_by, share.most, lease, version, needs), asked_at

    def _accept(self, claimed: list[Record], asked_at: float | None = None) -> None:
        """Add the jobs of claimed records to the backlog; report those that cannot be parsed.

        All leases are held before anything else, so that each is renewed until it ends.
        """
        leased = [(lease, record) for record in claimed if (lease := _lease_of(record))]
        for lease, _record in leased:
            self._leases.add(lease)
        for lease, record in leased:
            with Work(Correlation.of(record), lease.uuid):
                self._accept_one(lease, record, asked_at)
        if self._stop.is_set():
            # This claim was answered after the drain had begun.
            self._runner.release_backlog()

    def _accept_one(self, lease: Lease, record: Record, asked_at: float | None) -> None:
        try:
            self._backlog.add(Job.of(record, asked_at))
        except errors.InvalidTask as error:
            self._results.fail_unparsed(lease, error)
        # Any other error is about this record as well.
        except Exception as error:
            LOG.exception("could not read the record of task %s", lease.uuid)
            self._results.fail_unparsed(lease, unexpected(error))


def _lease_of(record: Record) -> Lease | None:
    """Return the lease of a claimed record; None if it is malformed, and so left to expire."""
    try:
        return Lease.of(record)
    except errors.InvalidMessage as error:
        LOG.error("a fractal that was claimed is left to its lease: %s", error)
        return None


def _started(name: str, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    """Start a thread that does not keep the process alive while it waits for a peer."""
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
