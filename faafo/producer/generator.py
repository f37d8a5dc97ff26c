# SPDX-License-Identifier: Apache-2.0
"""The generator: posts sets of random fractals periodically."""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from faafo import correlation, errors
from faafo.client.http import Client
from faafo.correlation import Work
from faafo.fractal.generate import random_task
from faafo.fractal.palette import DEFAULT
from faafo.fractal.task import FractalTask
from faafo.pause import pause
from faafo.retry import with_backoff

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sets:
    """What is generated: ``least`` to ``most`` fractals within ``ranges``, with ``palettes``."""

    ranges: Mapping[str, tuple[float, float]]
    least: int
    most: int
    palettes: Sequence[str] = (DEFAULT,)


class Generator:
    """Posts sets of random fractals.

    :param sets: returns what to generate now.
    :param posted: called after each set, to wake the dispatcher.
    """

    def __init__(
        self,
        client: Client,
        sets: Callable[[], Sets],
        rng: random.Random,
        posted: Callable[[], None],
    ) -> None:
        self._client = client
        self._sets = sets
        self._rng = rng
        self._posted = posted

    def run(self, stop: threading.Event, interval: Callable[[], float]) -> None:
        """Post a set every ``interval()`` seconds until ``stop`` is set."""
        while not stop.is_set():
            self.generate(stop)
            pause(stop, interval)

    def generate(self, stop: threading.Event) -> tuple[list[str], int]:
        """Post one set; return the accepted uuids and the number of fractals not accepted."""
        sets = self._sets()
        count = self._rng.randint(*sorted((sets.least, sets.most)))
        # One request id for the whole set.
        with Work(correlation.new()):
            LOG.info("generating %d task(s)", count)
            tasks = [random_task(sets.ranges, self._rng, sets.palettes) for _ in range(count)]
            for task in tasks:
                LOG.info("generated task: %s", task.model_dump())
            accepted = self._post_all(tasks, stop)
        self._posted()
        return accepted, count - len(accepted)

    def _post_all(self, tasks: Sequence[FractalTask], stop: threading.Event) -> list[str]:
        """Post a set; return the accepted uuids."""
        try:
            post_all = with_backoff(errors.ApiUnavailable, stop)
            return [record["uuid"] for record in post_all(self._client.create_all, tasks)]
        except errors.ApiRefused as error:
            # One of them may be too large, or an answer was lost and they exist: see which.
            LOG.debug("posting %d tasks one by one: %s", len(tasks), error)
            return [uuid for task in tasks if (uuid := self._post(task, stop)) is not None]
        except errors.ApiUnavailable as error:
            LOG.error("%d task(s) were not posted: %s", len(tasks), error)
            return []

    def _post(self, task: FractalTask, stop: threading.Event) -> str | None:
        try:
            return with_backoff(errors.ApiUnavailable, stop)(self._client.create, task)["uuid"]
        except errors.ApiRefused as error:
            if error.status == 409:
                # The answer to an earlier try was lost: the fractal exists.
                return task.uuid
            LOG.error("the API refused task %s: %s", task.uuid, error)
        except errors.ApiUnavailable as error:
            LOG.error("task %s was not posted: %s", task.uuid, error)
        return None
