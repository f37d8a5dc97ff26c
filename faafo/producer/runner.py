# SPDX-License-Identifier: Apache-2.0
"""The runner: assigns jobs to free slots, has workers render them, and settles the outcomes."""

import logging
import threading
import time
from collections.abc import Sequence

from faafo import errors
from faafo.fractal.task import FractalResult
from faafo.metrics import catalogue as metrics
from faafo.producer.assignment import Assignment
from faafo.producer.backlog import Backlog, Choice, Job, fitting
from faafo.producer.call import call
from faafo.producer.canceller import Canceller
from faafo.producer.faults import unexpected
from faafo.producer.leases import Leases
from faafo.producer.recovery import Recovery
from faafo.producer.registry import WorkerRegistry
from faafo.producer.results import ResultReporter
from faafo.rpc.client import Outcome, WorkerClient

LOG = logging.getLogger(__name__)

# Errors after which a fractal is released, without a failure being counted.
NOT_A_FAILURE = (errors.BrokerUnavailable, errors.StoreUnavailable, errors.WorkerBusy)
# After these no task has failed, whichever was under way.
NO_FAULT_OF_A_TASK = (*NOT_A_FAILURE, errors.RenderCancelled)
# Seconds until the next claim when the system refuses another thread.
THREAD_PAUSE = 1.0
# Seconds between two checks of the stop event while a quarantined job waits for the others.
POLL_SECONDS = 0.5


class Runner:
    """Runs the jobs of the backlog, each call in a thread, until ``stop`` is set.

    :param claimed_by: the instance id of the producer.
    """

    def __init__(
        self,
        claimed_by: str,
        registry: WorkerRegistry,
        workers: WorkerClient,
        backlog: Backlog,
        leases: Leases,
        results: ResultReporter,
        canceller: Canceller,
        recovery: Recovery,
        stop: threading.Event,
    ) -> None:
        self._claimed_by = claimed_by
        self._registry = registry
        self._workers = workers
        self._backlog = backlog
        self._leases = leases
        self._results = results
        self._canceller = canceller
        self._recovery = recovery
        self._stop = stop

    def start_jobs(self) -> None:
        """Start a thread for each free slot, as long as there are jobs."""
        while (assignment := self._next()) is not None:
            try:
                threading.Thread(
                    target=self._run, args=(assignment,), name="job", daemon=True
                ).start()
            # The system may refuse another thread; other producers may have theirs.
            except RuntimeError as error:
                LOG.error("task %s is released: %s", assignment.jobs[0].lease.uuid, error)
                assignment.put_back(assignment.jobs, self._backlog)
                self.release_backlog()
                self._stop.wait(THREAD_PAUSE)
                return

    def release_backlog(self, but: Choice | None = None) -> None:
        """Release the claimed jobs that have not started; keep those that are not released.

        :param but: tells which jobs are to be kept.
        """
        jobs = self._backlog.take_all(but)
        if not self._results.release_all([job.lease for job in jobs]):
            for job in reversed(jobs):
                self._backlog.put_back(job)

    def _next(self) -> Assignment | None:
        """Return the next jobs with a slot for them, None unless there are both."""
        free = [group for group in self._registry.groups() if group.free]
        if self._stop.is_set() or not free:
            return None
        job = self._backlog.take(fitting(group.skill for group in free))
        if job is None:
            return None
        slot = None
        try:
            slot = self._registry.acquire(job.quarantined, lambda skill: skill.fits(job))
        finally:
            if slot is None:
                self._backlog.put_back(job)
        if slot is None:
            return None
        assignment = Assignment(
            job, slot, self._registry, self._leases, self._results, self._canceller
        )
        if job.is_small:
            slots = sum(group.free for group in free)
            assignment.add(self._backlog.take_small(slot.batch_size, slots, slot.skill.fits))
        return assignment

    def _run(self, assignment: Assignment) -> None:
        """Run jobs, and then further ones of the backlog while there are free slots."""
        following: Assignment | None = assignment
        while following is not None:
            with following:
                if self._wait_until_safe(following):
                    self._render(following)
            if self._stop.is_set():
                # What has been put back would start no more.
                self.release_backlog()
            following = self._next()

    def _wait_until_safe(self, assignment: Assignment) -> bool:
        """Return whether to render, a quarantined job after all others have been reported.

        The worker may be part of this process (``faafo-all``). If a quarantined job kills it, the
        results that have not been reported are lost. False once the dispatcher stops.
        """
        job = assignment.jobs[0]
        if not job.quarantined or assignment.slot.instance_id != self._claimed_by:
            return True
        while not self._stop.is_set():
            # A job that was claimed meanwhile could not start: this one has all slots.
            self.release_backlog()
            if self._leases.wait_until_empty(POLL_SECONDS, excluding=[job.lease]):
                return True
        return False

    def _render(self, assignment: Assignment) -> None:
        """Have a worker render the jobs, and report their outcomes to the API."""
        worker = assignment.slot.worker
        assignment.begin()
        begun_at = time.monotonic()
        for job in assignment.jobs:
            metrics.BACKLOG_SECONDS.observe(begun_at - job.claimed_at)
        try:
            outcomes = call(self._workers, assignment)
        except (errors.BrokerUnavailable, errors.WorkerBusy) as error:
            LOG.info("worker %s did not render %s: %s", worker, _named(assignment), error.args[0])
            assignment.refuse(error)
        except (errors.WorkerLost, errors.RenderTimeout) as error:
            assignment.give_up(error)
            outcomes = self._recovery.outcomes(assignment.jobs, error)
            self._settle(assignment, outcomes)
        # After any other error the leases must end, too: they would be renewed for ever.
        except Exception as error:
            self._settle(assignment, self._after_failure(assignment, error))
        else:
            self._record(assignment, outcomes, time.monotonic() - begun_at)
            self._settle(assignment, outcomes)

    def _after_failure(self, assignment: Assignment, error: Exception) -> list[Outcome]:
        """Return the outcomes of jobs whose call has failed, though its worker lives.

        The error of a whole batch tells nothing about a single task. It costs one failure at most,
        as that of a lost worker does.
        """
        jobs, worker = assignment.jobs, assignment.slot.worker
        if not isinstance(error, errors.FaafoError):
            LOG.exception("%s failed", _named(assignment))
            error = unexpected(error)
        elif len(jobs) > 1:
            LOG.warning("the call of %s to worker %s failed: %s", _named(assignment), worker, error)
        if isinstance(error, NO_FAULT_OF_A_TASK):
            return [error] * len(jobs)
        assignment.free_slot()
        return self._recovery.outcomes(jobs, error)

    def _record(self, assignment: Assignment, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Record how long the worker has taken for small tasks: the next batch depends on it."""
        done = sum(isinstance(one, FractalResult) for one in outcomes)
        if done and all(job.is_small for job in assignment.jobs):
            self._registry.record(assignment.slot, done, seconds)

    def _settle(self, assignment: Assignment, outcomes: Sequence[Outcome]) -> None:
        """Report results and failures; put jobs without an outcome back."""
        assignment.free_slot()
        not_begun = []
        for job, outcome in zip(assignment.jobs, outcomes, strict=True):
            if outcome is None:
                not_begun.append(job)
                continue
            with job.work():
                self._settle_one(assignment, job, outcome)
            self._backlog.count_end()
        assignment.put_back(not_begun, self._backlog)

    def _settle_one(
        self, assignment: Assignment, job: Job, outcome: FractalResult | errors.FaafoError
    ) -> None:
        worker, uuid = assignment.slot.worker, job.lease.uuid
        if isinstance(outcome, FractalResult):
            LOG.info("task %s processed: %s", uuid, outcome.model_dump())
            assignment.complete(job, outcome)
        elif isinstance(outcome, errors.RenderCancelled):
            LOG.info("worker %s cancelled task %s: %s", worker, uuid, outcome.args[0])
            assignment.release(job)
        elif isinstance(outcome, NOT_A_FAILURE):
            LOG.info("worker %s did not render task %s: %s", worker, uuid, outcome.args[0])
            self._registry.mark_full(assignment.slot)
            is_shown = isinstance(outcome, errors.StoreUnavailable)
            assignment.release(job, outcome if is_shown else None)
        else:
            assignment.fail(job, outcome)


def _named(assignment: Assignment) -> str:
    """Return the tasks of a call for the log."""
    first, *others = (job.lease.uuid for job in assignment.jobs)
    return f"task {first}" + (f" and {len(others)} others" if others else "")
