# SPDX-License-Identifier: Apache-2.0
"""The assignment of jobs to a slot: owns the leases and the slot, and lets go of all of them."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from faafo.producer.backlog import Backlog, Job
from faafo.producer.canceller import Canceller
from faafo.producer.leases import Leases
from faafo.producer.registry import WorkerRegistry
from faafo.producer.results import ResultReporter
from faafo.producer.worker_state import Slot


class Assignment:
    """Jobs with a slot. It lets go of all leases and of the slot, at the latest with its block.

    At the end of the block the leases that were neither completed, failed, released nor put back
    are released.
    """

    def __init__(
        self,
        job: Job,
        slot: Slot,
        registry: WorkerRegistry,
        leases: Leases,
        results: ResultReporter,
        canceller: Canceller,
    ) -> None:
        self.jobs = [job]
        self.slot = slot
        self._registry = registry
        self._leases = leases
        self._results = results
        self._canceller = canceller
        self._has_slot = True
        self._open = {job.lease: job}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release_all()

    def add(self, jobs: Iterable[Job]) -> None:
        """Add jobs that the same call carries."""
        for job in jobs:
            self.jobs.append(job)
            self._open[job.lease] = job

    def begin(self) -> None:
        """Record that the worker renders from now on."""
        for job in self.jobs:
            self._leases.assign(job.lease, self.slot.worker)

    def put_back(self, jobs: Iterable[Job], backlog: Backlog) -> None:
        """Return jobs, which have not begun, with their leases to the head of the backlog."""
        self.free_slot()
        for job in reversed([*jobs]):
            self._leases.assign(job.lease, None)
            backlog.put_back(job)
            del self._open[job.lease]

    def complete(self, job: Job, result: FractalResult) -> None:
        """Free the slot, since the worker can take the next job, and report the result."""
        self.free_slot()
        self._leases.assign(job.lease, None)
        self._results.report(job.lease, result, job.correlation)
        del self._open[job.lease]

    def release(self, job: Job, reason: errors.FaafoError | None = None) -> None:
        """Free the slot, and queue the fractal again, with a fault if there is a ``reason``."""
        self.free_slot()
        self._results.release([job.lease], self.slot.worker, reason)
        del self._open[job.lease]

    def fail(self, job: Job, error: errors.FaafoError) -> None:
        """Free the slot, and report a failure."""
        self.free_slot()
        self._results.fail(job.lease, self.slot.worker, error)
        del self._open[job.lease]

    def release_all(self) -> None:
        """Free the slot, and release the leases that are left."""
        self.free_slot()
        left: list[Lease] = [*self._open]
        if left:
            self._results.release(left)
        self._open.clear()

    def refuse(self, error: errors.FaafoError) -> None:
        """Release the leases of jobs that the worker did not take; use no slot of it for now."""
        self._registry.mark_full(self.slot)
        if isinstance(error, errors.BrokerUnavailable):
            # The call may have reached the worker all the same.
            self._cancel()
        self.release_all()

    def give_up(self, error: errors.FaafoError) -> None:
        """Cancel the renders, which may still occupy the slot; their leases are still held."""
        self._has_slot = False
        self._registry.give_up(self.slot, is_lost=isinstance(error, errors.WorkerLost))
        self._cancel()

    def free_slot(self) -> None:
        """Free the slot, unless it is not ours any more."""
        if self._has_slot:
            self._has_slot = False
            self._registry.release(self.slot)

    def _cancel(self) -> None:
        for lease in self._open:
            self._canceller.cancel(lease, self.slot.worker)
