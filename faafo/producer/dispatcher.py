# SPDX-License-Identifier: Apache-2.0
"""The dispatcher: claims queued fractals, has workers render them, and reports the results."""

import logging
import threading
import time
from dataclasses import dataclass

from faafo import errors
from faafo.client.http import Client, Record
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult, FractalTask
from faafo.producer.backlog import Backlog, Job
from faafo.producer.leases import Leases
from faafo.producer.registry import Slot, WorkerRegistry
from faafo.producer.results import ResultReporter
from faafo.retry import with_backoff
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)

# Errors after which a fractal is released, without a failure being counted.
NOT_A_FAILURE = (
    errors.BrokerUnavailable,
    errors.RenderCancelled,
    errors.StoreUnavailable,
    errors.WorkerBusy,
)
# Seconds between two claims, at least, while nothing is queued.
SHORTEST_PAUSE = 0.05
# Seconds that draining waits for cancelled renders to end; a worker checks several times a second.
CANCEL_SECONDS = 3.0
# Seconds that draining waits for the API to accept finished results.
REPORT_SECONDS = 10.0
# Seconds between two checks of the stop event while a quarantined job waits for the others.
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """The intervals and timeouts of the dispatcher, in seconds."""

    claim_interval: float
    lease_duration: float
    renew_interval: float
    drain_timeout: float


class Dispatcher:
    """Claims fractals for free slots, and has each one rendered in a thread."""

    def __init__(
        self,
        claimed_by: str,
        client: Client,
        registry: WorkerRegistry,
        workers: WorkerClient,
        pace: Pace,
        wake: threading.Event,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._registry = registry
        self._workers = workers
        self._pace = pace
        self._wake = wake
        # Leases we hold and have not yet reported.
        self._leases = Leases(
            claimed_by,
            client,
            pace.lease_duration,
            pace.renew_interval,
            registry.rows_done,
            self._cancel,
        )
        self._stop = threading.Event()
        # Set when draining must not wait any longer for the API to accept results.
        self._abandon = threading.Event()
        self._results = ResultReporter(claimed_by, client, self._leases, self._abandon)
        self._backlog = Backlog()

    def run(self, stop: threading.Event) -> None:
        """Dispatch until ``stop`` is set, then drain; the caller sets ``wake`` along with it."""
        self._stop = stop
        drained = threading.Event()
        renewal = threading.Thread(target=self._leases.run, args=(drained,), name="leases")
        reporting = threading.Thread(target=self._results.run, name="results")
        for thread in (renewal, reporting):
            thread.start()
        found_at = time.monotonic()
        while True:
            # Cleared before the claim, so that no later event is missed.
            self._wake.clear()
            if stop.is_set():
                break
            if self._dispatch():
                found_at = time.monotonic()
            else:
                self._wake.wait(self._pause(time.monotonic() - found_at))
        self._drain()
        drained.set()
        self._results.stop()
        for thread in (renewal, reporting):
            thread.join()

    def _pause(self, idle: float) -> float:
        """Return the seconds until the next claim, after ``idle`` seconds without a job.

        The pause grows with the idle time, since after recent work more is likely to come soon.
        """
        return min(self._pace.claim_interval, max(SHORTEST_PAUSE, idle / 10))

    def _dispatch(self) -> bool:
        """Claim jobs for free slots and start them; return whether any was claimed."""
        if len(self._backlog) and not self._registry.slots():
            for job in reversed(self._release_backlog()):
                self._backlog.put_back(job)
        self._start_jobs()
        wanted = self._backlog.wanted(self._registry.free_slots())
        if not wanted:
            return False
        try:
            claimed = with_backoff(errors.ApiUnavailable, self._stop)(
                self._client.claim, self._claimed_by, wanted, self._pace.lease_duration
            )
            for record in claimed:
                self._accept(record)
            self._start_jobs()
            return bool(claimed)
        except errors.FaafoError as error:
            LOG.error("could not claim fractals: %s", error)
        # If this thread ended, no fractal would be claimed any more.
        except Exception:
            LOG.exception("could not dispatch")
        return False

    def _accept(self, record: Record) -> None:
        """Add the job of a claimed record to the backlog, or report that it cannot be parsed."""
        lease = Lease(record["uuid"], record["attempt"])
        self._leases.add(lease)
        try:
            self._backlog.add(Job.of(record))
        except errors.InvalidTask as error:
            self._results.fail_unparsed(lease, error)

    def _start_jobs(self) -> None:
        """Start a thread for each free slot, as long as there are jobs."""
        while (next_one := self._next_job()) is not None:
            threading.Thread(target=self._run_jobs, args=next_one, name="job", daemon=True).start()

    def _next_job(self) -> tuple[Job, Slot] | None:
        """Return the next job and a slot for it, None unless there are both."""
        if self._stop.is_set() or (job := self._backlog.take()) is None:
            return None
        slot = self._registry.acquire(job.quarantined)
        if slot is None:
            self._backlog.put_back(job)
            return None
        return job, slot

    def _run_jobs(self, job: Job, slot: Slot) -> None:
        """Run a job, and then further jobs of the backlog while there are free slots."""
        next_one: tuple[Job, Slot] | None = (job, slot)
        while next_one is not None:
            job, slot = next_one
            if self._wait_until_safe(job, slot):
                self._leases.assign(job.lease, slot.worker)
                self._render(job.task, job.lease, slot)
            else:
                self._registry.release(slot)
                self._results.release(job.lease)
            self._backlog.count_end()
            next_one = self._next_job()

    def _wait_until_safe(self, job: Job, slot: Slot) -> bool:
        """Return whether to render a job, a quarantined one after all others have been reported.

        The worker may be part of this process (``faafo-all``). If a quarantined job kills it, the
        results that have not been reported are lost. False once the dispatcher stops.
        """
        if not job.quarantined or slot.instance_id != self._claimed_by:
            return True
        while not self._stop.is_set():
            if self._leases.wait_until_empty(POLL_SECONDS, excluding=[job.lease]):
                return True
        return False

    def _render(self, task: FractalTask, lease: Lease, slot: Slot) -> None:
        """Have a worker render a fractal, and report the outcome to the API."""
        worker = slot.worker
        try:
            result = self._workers.process(task, lease, worker, slot.instance_id, slot.exclusive)
        except NOT_A_FAILURE as error:
            LOG.info("worker %s did not render task %s: %s", worker, task.uuid, error.args[0])
            if not isinstance(error, errors.RenderCancelled):
                self._registry.mark_full(slot)
            self._registry.release(slot)
            reason = error if isinstance(error, errors.StoreUnavailable) else None
            self._results.release(lease, worker, reason)
        except errors.WorkerLost as error:
            self._registry.forget(slot)
            self._results.fail(lease, worker, error)
        except errors.FaafoError as error:
            self._registry.release(slot)
            self._results.fail(lease, worker, error)
        # After any other error the attempt must end, too: its lease would be renewed for ever.
        except Exception as error:
            LOG.exception("task %s failed", task.uuid)
            self._registry.release(slot)
            self._results.fail(lease, worker, errors.FaafoError(f"{type(error).__name__}: {error}"))
        else:
            # The worker can take the next job before this result is reported.
            self._registry.release(slot)
            self._complete(result, lease)

    def _complete(self, result: FractalResult, lease: Lease) -> None:
        LOG.info("task %s processed: %s", result.uuid, result.model_dump())
        self._leases.assign(lease, None)
        self._results.report(lease, result)

    def _cancel(self, lease: Lease, worker: str | None) -> None:
        """Cancel the render of a lease that was lost or is to be released."""
        if worker is None:
            return
        try:
            self._workers.cancel(lease, worker)
        except errors.BrokerUnavailable as error:
            LOG.warning("could not cancel task %s: %s", lease.uuid, error)

    def _release_backlog(self) -> list[Job]:
        """Release the claimed jobs that have not started; return those that are not released."""
        jobs = self._backlog.take_all()
        return [] if self._results.release_all([job.lease for job in jobs]) else jobs

    def _drain(self) -> None:
        """Wait for results up to ``drain_timeout``, then cancel and release the other tasks."""
        self._results.report_immediately()
        backlog = [job.lease for job in self._release_backlog()]
        if not self._leases.wait_until_empty(self._pace.drain_timeout, excluding=backlog):
            self._cancel_unfinished(backlog)
        self._abandon.set()
        if not self._results.release_all(self._leases.held()):
            LOG.warning("%d lease(s) will expire", len(self._leases.held()))

    def _cancel_unfinished(self, backlog: list[Lease]) -> None:
        """Cancel the renders under way, and wait until their leases have been reported.

        :param backlog: leases that have not started, and could not be released.
        """
        unfinished = [lease for lease in self._leases.held() if lease not in backlog]
        LOG.info("cancelling %d unfinished task(s)", len(unfinished))
        for lease in unfinished:
            self._cancel(lease, self._leases.worker_of(lease))
        if self._leases.wait_until_empty(CANCEL_SECONDS, excluding=backlog):
            return
        left = [lease for lease in self._leases.held() if lease not in backlog]
        if any(self._leases.worker_of(lease) is None for lease in left):
            self._leases.wait_until_empty(REPORT_SECONDS, excluding=backlog)
