# SPDX-License-Identifier: Apache-2.0
"""Recovery: which tasks of a batch are done, under way or not begun when its call has failed."""

import itertools
import logging
import threading
import time
from collections.abc import Sequence

from faafo import errors
from faafo.fractal.task import FractalResult
from faafo.producer.backlog import Job
from faafo.producer.registry import WorkerRegistry
from faafo.rpc.client import Outcome, WorkerClient

LOG = logging.getLogger(__name__)

# Seconds between two tries to have a worker look for the images.
RETRY_SECONDS = 1.0


class Recovery:
    """Has another worker look for the images of a batch.

    A worker renders a batch in its order and stores each image before the next render begins. So
    the task after the last stored image was under way.

    :param seconds: for which a worker is looked for that can read the image store.
    :param stop: ends that wait.
    """

    def __init__(
        self, registry: WorkerRegistry, workers: WorkerClient, seconds: float, stop: threading.Event
    ) -> None:
        self._registry = registry
        self._workers = workers
        self._seconds = seconds
        self._stop = stop

    def outcomes(self, jobs: Sequence[Job], error: errors.FaafoError) -> list[Outcome]:
        """Return the outcomes of jobs whose call has ended with ``error``.

        These are the results of the stored images, ``error`` for the task that was under way, and
        None for those that had not begun. If no worker can tell, no failure is counted: a task that
        kills its workers comes closer to the head of the queue with each of them, and then travels
        alone.
        """
        if len(jobs) == 1:
            return [error]
        found = self._find(jobs)
        if found is None:
            unknown = errors.RenderCancelled("its call failed, and no worker tells what is stored")
            return [unknown] * len(jobs)
        outcomes: list[Outcome] = [one if isinstance(one, FractalResult) else None for one in found]
        # Images of earlier attempts say nothing about this call.
        own = [
            isinstance(one, FractalResult) and one.image_token == job.lease.token
            for one, job in zip(outcomes, jobs, strict=True)
        ]
        begun = max((number for number, is_own in enumerate(own) if is_own), default=-1) + 1
        for number in range(begun, len(jobs)):
            if outcomes[number] is None:
                outcomes[number] = error
                break
        LOG.info("%d of %d tasks of a failed call are stored", sum(own), len(jobs))
        return outcomes

    def _find(self, jobs: Sequence[Job]) -> list[Outcome] | None:
        """Return the results of the jobs whose images are stored, None if no worker can tell."""
        leased = [job.leased_task() for job in jobs]
        deadline = time.monotonic() + self._seconds
        for number in itertools.count():
            workers = self._registry.with_batches()
            if workers:
                # Another one each time: one may not be able to read the store.
                worker = workers[number % len(workers)]
                try:
                    found = self._workers.find_all(leased, worker)
                    if not any(isinstance(one, errors.StoreUnavailable) for one in found):
                        return found
                    LOG.warning("worker %s cannot read the image store", worker)
                except errors.FaafoError as error:
                    LOG.warning("worker %s cannot look for images: %s", worker, error)
            if time.monotonic() > deadline or self._stop.wait(RETRY_SECONDS):
                break
        return None
