# SPDX-License-Identifier: Apache-2.0
"""The backlog: what is claimed and waits for a free slot, never for long."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from faafo.client.http import LARGEST_CLAIM, Record
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalTask, is_quarantined

# So many seconds of work are claimed ahead of free slots: fractals that take milliseconds come in
# batches, and of those that take seconds none waits here while another producer has free slots.
AHEAD_SECONDS = 0.25


@dataclass(frozen=True)
class Job:
    """A claimed fractal: its task, its lease, and whether it is quarantined."""

    task: FractalTask
    lease: Lease
    quarantined: bool

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return the job that a claimed record is."""
        lease = Lease(record["uuid"], record["attempt"])
        return cls(FractalTask.model_validate(record), lease, is_quarantined(record["failures"]))


class Backlog:
    """Keeps claimed jobs in their order, and knows how many more to claim."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._ends: deque[float] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def wanted(self, free_slots: int) -> int:
        """Return how many jobs to claim now.

        That is one for each free slot and as many as have ended in the last AHEAD_SECONDS, but
        none before half of what was claimed ahead is used up: so claims come in batches. Nothing
        is claimed behind a suspect, which may take all that waits with it.
        """
        with self._lock:
            if any(job.quarantined for job in self._jobs):
                return 0
            self._forget_old_ends()
            ahead = len(self._ends) if free_slots or self._jobs else 0
            if len(self._jobs) > ahead // 2:
                return 0
            return min(free_slots + ahead - len(self._jobs), LARGEST_CLAIM)

    def note_end(self) -> None:
        """Take note that a job is through."""
        with self._lock:
            self._ends.append(self._clock())
            self._forget_old_ends()

    def add(self, job: Job) -> None:
        """Put a job behind the others."""
        with self._lock:
            self._jobs.append(job)

    def put_back(self, job: Job) -> None:
        """Put a job that was taken before the others."""
        with self._lock:
            self._jobs.appendleft(job)

    def take(self) -> Job | None:
        """Return the first job, None when there is none."""
        with self._lock:
            return self._jobs.popleft() if self._jobs else None

    def take_all(self) -> list[Job]:
        """Return all jobs; none is left."""
        with self._lock:
            jobs = list(self._jobs)
            self._jobs.clear()
            return jobs

    def _forget_old_ends(self) -> None:
        oldest = self._clock() - AHEAD_SECONDS
        while self._ends and self._ends[0] < oldest:
            self._ends.popleft()
