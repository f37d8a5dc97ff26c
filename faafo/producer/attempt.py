# SPDX-License-Identifier: Apache-2.0
"""The attempt: owns the lease and the slot of a job, and lets go of both however it ends."""

from types import TracebackType
from typing import Self

from faafo import errors
from faafo.fractal.task import FractalResult
from faafo.producer.backlog import Backlog, Job
from faafo.producer.canceller import Canceller
from faafo.producer.leases import Leases
from faafo.producer.registry import Slot, WorkerRegistry
from faafo.producer.results import ResultReporter


class Attempt:
    """A job with a slot. It lets go of lease and slot once each, at the latest with its block.

    At the end of the block a lease that was neither completed, failed nor released is released.
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
        self.job = job
        self.slot = slot
        self._registry = registry
        self._leases = leases
        self._results = results
        self._canceller = canceller
        self._has_slot = self._has_lease = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._free_slot()
        if self._has_lease:
            self.release()

    def begin(self) -> None:
        """Record that the worker renders from now on."""
        self._leases.assign(self.job.lease, self.slot.worker)

    def put_back(self, backlog: Backlog) -> None:
        """Free the slot, and return the job with its lease to the backlog."""
        self._free_slot()
        backlog.put_back(self.job)
        self._has_lease = False

    def complete(self, result: FractalResult) -> None:
        """Free the slot, since the worker can take the next job, and report the result."""
        self._free_slot()
        self._leases.assign(self.job.lease, None)
        self._results.report(self.job.lease, result)
        self._has_lease = False

    def refuse(self, error: errors.FaafoError) -> None:
        """Release the lease of a job that its worker did not take, or could not store."""
        self._registry.mark_full(self.slot)
        if isinstance(error, errors.BrokerUnavailable):
            # The call may have reached the worker all the same.
            self._canceller.cancel(self.job.lease, self.slot.worker)
        self.release(error if isinstance(error, errors.StoreUnavailable) else None)

    def release(self, reason: errors.FaafoError | None = None) -> None:
        """Free the slot, and queue the fractal again, with a fault if there is a ``reason``."""
        self._free_slot()
        self._results.release(self.job.lease, self.slot.worker, reason)
        self._has_lease = False

    def fail(self, error: errors.FaafoError) -> None:
        """Free the slot, and report a failure."""
        self._free_slot()
        self._results.fail(self.job.lease, self.slot.worker, error)
        self._has_lease = False

    def give_up(self, error: errors.FaafoError) -> None:
        """Report a failure, and cancel the render, which may still occupy its slot."""
        self._has_slot = False
        self._registry.give_up(self.slot, is_lost=isinstance(error, errors.WorkerLost))
        self._canceller.cancel(self.job.lease, self.slot.worker)
        self.fail(error)

    def _free_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._registry.release(self.slot)
