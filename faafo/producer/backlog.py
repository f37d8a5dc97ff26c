# SPDX-License-Identifier: Apache-2.0
"""The backlog: claimed jobs that wait for a free slot."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Self

from faafo.client.http import LARGEST_CLAIM, Record
from faafo.correlation import UNKNOWN, Correlation, Work
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalTask, is_quarantined, parse_task
from faafo.producer.pace import AHEAD_SECONDS
from faafo.rpc.client import LeasedTask
from faafo.tracing import spans

# Points times iterations of a task that is small: the largest of the default ranges.
SMALL = 1024 * 1024 * 512


@dataclass(frozen=True)
class Job:
    """A claimed fractal: its task, its lease, and whether it is quarantined.

    ``correlation`` and ``project_id`` are for log lines, ``claimed_at`` is monotonic seconds.
    """

    task: FractalTask
    lease: Lease
    quarantined: bool
    correlation: Correlation = UNKNOWN
    project_id: str | None = None
    claimed_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def is_small(self) -> bool:
        """Whether others may travel in the same call."""
        task = self.task
        return not self.quarantined and task.width * task.height * task.iterations <= SMALL

    @classmethod
    def of(cls, record: Record, asked_at: float | None = None) -> Self:
        """Return the job of a claimed record.

        :param asked_at: when it was claimed, in seconds since 1970, if its trace is to tell that.

        :raises faafo.errors.InvalidTask: when this version of faafo cannot render it.
        """
        correlation = Correlation.of(record)
        if asked_at is not None:
            correlation = spans.record("claim", correlation, asked_at, kind=spans.Kind.CLIENT)
        return cls(
            parse_task(record),
            Lease.of(record),
            is_quarantined(record["failures"]),
            correlation,
            record.get("project_id"),
        )

    def leased_task(self, correlation: Correlation | None = None) -> LeasedTask:
        """Return the part of a call that is about this job.

        :param correlation: of the call, if that has a span of its own.
        """
        return LeasedTask(self.task, self.lease, correlation or self.correlation)

    def work(self) -> Work:
        """Return the block in which a thread works for this job."""
        return Work(self.correlation, self.lease.uuid, self.project_id)


class Backlog:
    """Keeps claimed jobs in order, and computes how many more to claim."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._ends: deque[float] = deque()
        # How many jobs have ended, ever.
        self.ended = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def wanted(self, free_slots: int) -> int:
        """Return how many jobs to claim now.

        That is one for each free slot and the number of jobs that have ended in the last
        AHEAD_SECONDS, but none until half of the jobs claimed ahead have started: so claims come in
        batches. None is claimed behind a quarantined job, which may kill the process in which the
        others wait.
        """
        with self._lock:
            if any(job.quarantined for job in self._jobs):
                return 0
            self._drop_old_ends()
            ahead = len(self._ends) if free_slots or self._jobs else 0
            if len(self._jobs) > ahead // 2:
                return 0
            return min(free_slots + ahead - len(self._jobs), LARGEST_CLAIM)

    def count_end(self) -> None:
        """Count a job that has ended now."""
        with self._lock:
            self.ended += 1
            self._ends.append(self._clock())
            self._drop_old_ends()

    def add(self, job: Job) -> None:
        """Append a job to the queue."""
        with self._lock:
            self._jobs.append(job)

    def put_back(self, job: Job) -> None:
        """Return a taken job to the head of the queue."""
        with self._lock:
            self._jobs.appendleft(job)

    def take(self) -> Job | None:
        """Remove and return the first job, None when there is none."""
        with self._lock:
            return self._jobs.popleft() if self._jobs else None

    def take_small(self, batch_size: int, free_slots: int) -> list[Job]:
        """Remove and return small jobs from the head, for a batch whose first job has been taken.

        :param batch_size: the number of jobs of the batch, at most.
        :param free_slots: slots among which the jobs are shared, that of the batch included.
        """
        with self._lock:
            share = -(-(len(self._jobs) + 1) // max(1, free_slots))
            most = min(batch_size, share) - 1
            small = list(takewhile(lambda job: job.is_small, islice(self._jobs, max(0, most))))
            for _ in small:
                self._jobs.popleft()
            return small

    def take_all(self) -> list[Job]:
        """Remove and return all jobs."""
        with self._lock:
            jobs = list(self._jobs)
            self._jobs.clear()
            return jobs

    def _drop_old_ends(self) -> None:
        oldest = self._clock() - AHEAD_SECONDS
        while self._ends and self._ends[0] < oldest:
            self._ends.popleft()
