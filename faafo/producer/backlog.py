# SPDX-License-Identifier: Apache-2.0
"""The backlog: claimed jobs that wait for a free slot."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

from faafo.client.http import LARGEST_CLAIM, Record
from faafo.correlation import UNKNOWN, Correlation, Work
from faafo.fractal.drawing import parameter_version
from faafo.fractal.kinds import Ability
from faafo.fractal.lease import Lease
from faafo.fractal.parts import FilmJoin, Join
from faafo.fractal.task import FractalTask, is_quarantined, parse_task
from faafo.producer.pace import AHEAD_SECONDS
from faafo.rpc.client import LeasedTask
from faafo.tracing import spans

# Points times iterations of a task that is small: the largest of the default ranges.
SMALL = 1024 * 1024 * 512


@dataclass(frozen=True)
class Job:
    """A claimed fractal: its task, its lease, and whether it is quarantined.

    ``label`` is what it asks for of a worker. ``correlation`` and ``project_id`` are for log lines,
    ``claimed_at`` is monotonic seconds.
    """

    task: FractalTask
    lease: Lease
    quarantined: bool
    correlation: Correlation = UNKNOWN
    project_id: str | None = None
    label: str | None = None
    claimed_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def is_small(self) -> bool:
        """Whether others may travel in the same call."""
        task = self.task
        if self.quarantined or isinstance(task.part, Join | FilmJoin):
            return False
        points = task.width * task.band.rows * task.samples**2
        return points * task.iterations <= SMALL

    @cached_property
    def parameters(self) -> int:
        """The version of the drawing parameters that its worker must know."""
        return parameter_version(self.task)

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
            record.get("label"),
        )

    def leased_task(self, correlation: Correlation | None = None) -> LeasedTask:
        """Return the part of a call that is about this job.

        :param correlation: of the call, if that has a span of its own.
        """
        return LeasedTask(self.task, self.lease, correlation or self.correlation)

    def work(self) -> Work:
        """Return the block in which a thread works for this job."""
        return Work(self.correlation, self.lease.uuid, self.project_id)


class Skill(NamedTuple):
    """What a worker can do: the version of the drawing parameters that it knows, what it serves."""

    version: int
    ability: Ability

    def fits(self, job: Job) -> bool:
        """Return whether it can do a job."""
        return job.parameters <= self.version and self.ability.serves(job.task.kind, job.label)


Choice = Callable[[Job], bool]


def any_one(_job: object) -> bool:
    """Return True."""
    return True


def fitting(skills: Iterable[Skill]) -> Choice:
    """Return a function that tells whether any of ``skills`` fits a job."""
    listed = [*skills]
    return lambda job: any(one.fits(job) for one in listed)


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

    def wanted(
        self,
        free_slots: int,
        share: float = 1.0,
        is_for: Choice = any_one,
    ) -> int:
        """Return how many jobs to claim now.

        That is one for each free slot and the number of jobs that have ended in the last
        AHEAD_SECONDS, but none until half of the jobs claimed ahead have started: so claims come in
        batches. None is claimed behind a quarantined job, which may kill the process in which the
        others wait.

        :param share: which part of all slots those are among which ``free_slots`` are free.
        :param is_for: tells whether a job waits for these slots.
        """
        with self._lock:
            waiting = [job for job in self._jobs if is_for(job)]
            if any(job.quarantined for job in waiting):
                return 0
            self._drop_old_ends()
            ahead = int(share * len(self._ends)) if free_slots or waiting else 0
            if len(waiting) > ahead // 2:
                return 0
            return min(free_slots + ahead - len(waiting), LARGEST_CLAIM)

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

    def take(self, fits: Choice = any_one) -> Job | None:
        """Remove and return the first job, None when there is none.

        :param fits: tells whether a worker can do a job: others are passed over.
        """
        with self._lock:
            return next(iter(self._take(1, fits, any_one)), None)

    def take_small(self, batch_size: int, free_slots: int, fits: Choice = any_one) -> list[Job]:
        """Remove and return small jobs from the head, for a batch whose first job has been taken.

        :param batch_size: the number of jobs of the batch, at most.
        :param free_slots: slots among which the jobs are shared, that of the batch included.
        :param fits: as in ``take``.
        """
        with self._lock:
            share = -(-(len(self._jobs) + 1) // max(1, free_slots))
            return self._take(min(batch_size, share) - 1, fits, lambda job: job.is_small)

    def take_all(self, but: Choice | None = None) -> list[Job]:
        """Remove and return all jobs but those for which ``but`` is true."""
        with self._lock:
            taken: list[Job] = []
            kept: deque[Job] = deque()
            for job in self._jobs:
                (kept if but is not None and but(job) else taken).append(job)
            self._jobs = kept
            return taken

    def _take(self, most: int, fits: Choice, is_wanted: Choice) -> list[Job]:
        """Remove and return the first jobs that fit, up to one that is not wanted."""
        taken: list[Job] = []
        passed: list[Job] = []
        while self._jobs and len(taken) < most:
            if not fits(self._jobs[0]):
                passed.append(self._jobs.popleft())
            elif is_wanted(self._jobs[0]):
                taken.append(self._jobs.popleft())
            else:
                break
        self._jobs.extendleft(reversed(passed))
        return taken

    def _drop_old_ends(self) -> None:
        oldest = self._clock() - AHEAD_SECONDS
        while self._ends and self._ends[0] < oldest:
            self._ends.popleft()
