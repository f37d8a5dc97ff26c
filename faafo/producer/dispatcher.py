# SPDX-License-Identifier: Apache-2.0
"""The dispatcher: carries queued fractals to workers and their results back to the API."""

import logging
import threading
import time
from dataclasses import dataclass

from faafo import errors
from faafo.client.http import Client
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult, FractalTask
from faafo.producer.backlog import Backlog, Job
from faafo.producer.leases import Leases
from faafo.producer.registry import Slot, WorkerRegistry
from faafo.producer.results import ResultReporter
from faafo.retry import patiently
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)

# What keeps a fractal from being rendered here and now, and is not held against it.
NO_FAULT_OF_THE_FRACTAL = (
    errors.BrokerUnavailable,
    errors.RenderCancelled,
    errors.StoreUnavailable,
    errors.WorkerBusy,
)
SHORTEST_PAUSE = 0.05
# A worker notices within a fraction of a second that a render is cancelled, and says so.
CANCEL_SECONDS = 3.0
# Seconds that draining waits for the API to accept finished results.
REPORT_SECONDS = 10.0
# So often one that waits for the others looks whether it is to stop.
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How often the dispatcher does what, in seconds."""

    claim_interval: float
    lease_duration: float
    renew_interval: float
    drain_timeout: float


class Dispatcher:
    """Claims as many fractals as there are free slots, and sees each one through in a thread."""

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
        # What we have claimed and not yet told the API the end of.
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
        """Dispatch until ``stop`` is set; whoever sets it sets our ``wake`` as well."""
        self._stop = stop
        drained = threading.Event()
        renewal = threading.Thread(target=self._leases.run, args=(drained,), name="leases")
        telling = threading.Thread(target=self._results.run, name="results")
        for thread in (renewal, telling):
            thread.start()
        found_at = time.monotonic()
        while True:
            # Cleared before looking, so that nothing that happens from here on is missed.
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
        for thread in (renewal, telling):
            thread.join()

    def _pause(self, idle: float) -> float:
        """Return the seconds until the next look, after so many without finding anything.

        Where there was work a moment ago there may be more: at first we look more often.
        """
        return min(self._pace.claim_interval, max(SHORTEST_PAUSE, idle / 10))

    def _dispatch(self) -> bool:
        """Fill the free slots; return whether there was anything to fill them with."""
        if len(self._backlog) and not self._registry.slots():
            self._release_backlog()
        self._start_waiting()
        wanted = self._backlog.wanted(self._registry.free_slots())
        if not wanted:
            return False
        try:
            claimed = patiently(errors.ApiUnavailable, self._stop)(
                self._client.claim, self._claimed_by, wanted, self._pace.lease_duration
            )
            for job in map(Job.of, claimed):
                self._leases.add(job.lease)
                self._backlog.add(job)
            self._start_waiting()
            return bool(claimed)
        except errors.FaafoError as error:
            LOG.error("could not claim fractals: %s", error)
        # A dispatcher that ends in silence would be worse than one that makes a mistake.
        except Exception:
            LOG.exception("could not dispatch")
        return False

    def _start_waiting(self) -> None:
        """Give each free slot a thread, for as long as there are jobs."""
        while (next_one := self._next()) is not None:
            threading.Thread(target=self._carry, args=next_one, name="carrier", daemon=True).start()

    def _next(self) -> tuple[Job, Slot] | None:
        """Return the job that is next and the slot it gets, if there are both."""
        if self._stop.is_set() or (job := self._backlog.take()) is None:
            return None
        slot = self._registry.acquire(job.quarantined)
        if slot is None:
            self._backlog.put_back(job)
            return None
        return job, slot

    def _carry(self, job: Job, slot: Slot) -> None:
        """See a job through, and then what else is waiting."""
        next_one: tuple[Job, Slot] | None = (job, slot)
        while next_one is not None:
            job, slot = next_one
            if self._may_begin(job, slot):
                self._leases.assign(job.lease, slot.worker)
                self._see_through(job.task, job.lease, slot)
            else:
                self._registry.release(slot)
                self._results.release(job.lease)
            self._backlog.count_end()
            next_one = self._next()

    def _may_begin(self, job: Job, slot: Slot) -> bool:
        """Wait until a suspect can do no harm; return whether it is to be rendered at all.

        The worker may be part of this very process (``faafo-all``). If a suspect kills that, it
        takes with it what has been rendered and not yet been told.
        """
        if not job.quarantined or slot.instance_id != self._claimed_by:
            return True
        while not self._stop.is_set():
            if self._leases.wait_until_empty(LOOK_SECONDS, excluding=job.lease):
                return True
        return False

    def _see_through(self, task: FractalTask, lease: Lease, slot: Slot) -> None:
        """Have a fractal rendered and tell the API how that went."""
        worker = slot.worker
        try:
            result = self._workers.process(task, lease, worker, slot.instance_id, slot.exclusive)
        except NO_FAULT_OF_THE_FRACTAL as error:
            LOG.info("worker %s did not render task %s: %s", worker, task.uuid, error.args[0])
            if not isinstance(error, errors.RenderCancelled):
                self._registry.mark_full(slot)
            self._registry.release(slot)
            in_the_way = error if isinstance(error, errors.StoreUnavailable) else None
            self._results.release(lease, worker, in_the_way)
        except errors.WorkerLost as error:
            self._registry.forget(slot)
            self._results.fail(lease, worker, error)
        except errors.FaafoError as error:
            self._registry.release(slot)
            self._results.fail(lease, worker, error)
        # Whatever happens, a fractal must not stay ours for ever.
        except Exception as error:
            LOG.exception("task %s failed", task.uuid)
            self._registry.release(slot)
            self._results.fail(lease, worker, errors.FaafoError(f"{type(error).__name__}: {error}"))
        else:
            # The worker is free now: the result need not be recorded before it gets more work.
            self._registry.release(slot)
            self._complete(result, lease)

    def _complete(self, result: FractalResult, lease: Lease) -> None:
        LOG.info("task %s processed: %s", result.uuid, result.model_dump())
        self._leases.assign(lease, None)
        self._results.report(lease, result)

    def _cancel(self, lease: Lease, worker: str | None) -> None:
        """Have a render stopped that nobody waits for any more."""
        if worker is None:
            return
        try:
            self._workers.cancel(lease, worker)
        except errors.BrokerUnavailable as error:
            LOG.warning("could not cancel task %s: %s", lease.uuid, error)

    def _release_backlog(self) -> None:
        """Release the claimed jobs that have not started."""
        for job in self._backlog.take_all():
            self._results.release(job.lease)

    def _drain(self) -> None:
        """Wait a little for results, then have the rest stopped and give it back."""
        self._results.report_immediately()
        self._release_backlog()
        if self._leases.wait_until_empty(self._pace.drain_timeout):
            return
        unfinished = self._leases.held()
        LOG.info("%d task(s) are not through: what still renders is stopped", len(unfinished))
        for lease in unfinished:
            self._cancel(lease, self._leases.worker_of(lease))
        none_left = self._leases.wait_until_empty(CANCEL_SECONDS)
        if not none_left and any(
            self._leases.worker_of(one) is None for one in self._leases.held()
        ):
            none_left = self._leases.wait_until_empty(REPORT_SECONDS)
        self._abandon.set()
        if none_left:
            return
        try:
            self._client.release(self._claimed_by, self._leases.held())
        except errors.FaafoError as error:
            LOG.warning("they will be queued again when their leases run out: %s", error)
