# SPDX-License-Identifier: Apache-2.0
"""The generator: posts sets of random fractals periodically."""

import logging
import math
import random
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus

from faafo import correlation, errors
from faafo.client.http import Client
from faafo.correlation import Work
from faafo.fractal.locks import Fence
from faafo.fractal.task import FractalTask
from faafo.pause import pause
from faafo.producer.leader import Leader
from faafo.producer.sets import Maker, Sets
from faafo.retry import with_backoff

LOG = logging.getLogger(__name__)


class Generator:
    """Posts sets of random fractals.

    :param sets: returns what to generate now.
    :param posted: called after each request, to wake the dispatcher.
    :param leader: is asked before each set of ``run``; None: this producer generates always.
    :param is_disabled: tells whether ``run`` is to wait.
    """

    def __init__(
        self,
        client: Client,
        sets: Callable[[], Sets],
        rng: random.Random,
        posted: Callable[[], None],
        leader: Leader | None = None,
        is_disabled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client = client
        self._sets = sets
        self._maker = Maker(rng)
        self._posted = posted
        self._leader = leader
        self._is_disabled = is_disabled

    def run(self, stop: threading.Event, interval: Callable[[], float]) -> None:
        """Post a set every ``interval()`` seconds until ``stop`` is set."""
        while not pause(stop, lambda: math.inf if self._is_disabled() else 0.0):
            if self._leader is None:
                self.generate(stop)
            elif (fence := self._leader.wait(stop)) is not None:
                self.generate(stop, fence)
            pause(stop, interval)

    def generate(self, stop: threading.Event, fence: Fence | None = None) -> tuple[list[str], int]:
        """Post one set; return the accepted uuids and the number of fractals not accepted.

        :param fence: the lock without which the API is to refuse it; then the set is dropped.
        """
        sets = self._sets()
        count = self._maker.count(sets)
        accepted: list[str] = []
        # One request id for the whole set.
        with Work(correlation.new()):
            LOG.info("generating %d task(s)", count)
            for tasks in self._maker.pieces(sets, count):
                for task in tasks:
                    LOG.info("generated task: %s", task.model_dump())
                accepted += self._post_all(tasks, stop, fence)
                self._posted()
                if stop.is_set():
                    break
        return accepted, count - len(accepted)

    def _post_all(
        self, tasks: Sequence[FractalTask], stop: threading.Event, fence: Fence | None
    ) -> list[str]:
        """Post a set; return the accepted uuids."""
        try:
            post_all = with_backoff(errors.ApiUnavailable, stop)
            return [record["uuid"] for record in post_all(self._client.create_all, tasks, fence)]
        except errors.ApiRefused as error:
            if error.status == HTTPStatus.PRECONDITION_FAILED:
                LOG.warning("%d task(s) are dropped: %s", len(tasks), error)
                return []
            # One of them may be too large, or an answer was lost and they exist: see which.
            LOG.debug("posting %d tasks one by one: %s", len(tasks), error)
            return [uuid for task in tasks if (uuid := self._post(task, stop, fence)) is not None]
        except errors.ApiUnavailable as error:
            LOG.error("%d task(s) were not posted: %s", len(tasks), error)
            return []

    def _post(self, task: FractalTask, stop: threading.Event, fence: Fence | None) -> str | None:
        try:
            post = with_backoff(errors.ApiUnavailable, stop)
            return post(self._client.create, task, fence)["uuid"]
        except errors.ApiRefused as error:
            if error.status == 409:
                # The answer to an earlier try was lost: the fractal exists.
                return task.uuid
            LOG.error("the API refused task %s: %s", task.uuid, error)
        except errors.ApiUnavailable as error:
            LOG.error("task %s was not posted: %s", task.uuid, error)
        return None
