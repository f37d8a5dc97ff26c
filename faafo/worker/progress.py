"""Progress: what the log says about a render that takes long."""

import logging
import time
from collections.abc import Callable

from faafo.fractal.task import FractalTask

LOG = logging.getLogger(__name__)

# Seconds between two lines about the same render.
INTERVAL = 10.0


class Progress:
    """Is told how many rows of ``task`` have been begun, and logs that now and then."""

    def __init__(self, task: FractalTask, clock: Callable[[], float] = time.monotonic) -> None:
        self._task = task
        self._clock = clock
        self._due = clock() + INTERVAL

    def __call__(self, rows: int) -> None:
        if self._clock() < self._due:
            return
        self._due = self._clock() + INTERVAL
        LOG.info("task %s is at row %d of %d", self._task.uuid, rows, self._task.height)
