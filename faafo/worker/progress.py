# SPDX-License-Identifier: Apache-2.0
"""Progress: the rendered rows of long renders, for the log and for reports to producers."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from faafo.fractal.task import FractalTask

LOG = logging.getLogger(__name__)

# Seconds between two log lines about the same render.
INTERVAL = 10.0
# Seconds after which the progress of a render is reported.
SHORT_SECONDS = 1.0


class Progress:
    """Called with the number of rows of ``task`` that have begun; logs it every INTERVAL."""

    def __init__(self, task: FractalTask, clock: Callable[[], float] = time.monotonic) -> None:
        self._task = task
        self._clock = clock
        self._begun_at = clock()
        self._due = self._begun_at + INTERVAL
        self.rows = 0

    def __call__(self, rows: int) -> None:
        self.rows = rows
        if self._clock() < self._due:
            return
        self._due = self._clock() + INTERVAL
        LOG.info("task %s is at row %d of %d", self._task.uuid, rows, self._task.band.rows)

    @property
    def uuid(self) -> str:
        """The uuid of the task."""
        return self._task.uuid

    @property
    def takes_long(self) -> bool:
        """Whether the render has taken longer than SHORT_SECONDS."""
        return self._clock() > self._begun_at + SHORT_SECONDS


class Renders:
    """The progress of all running renders; several of them may be of one fractal."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._under_way: list[Progress] = []
        self._lock = threading.Lock()

    @contextmanager
    def under_way(self, task: FractalTask) -> Iterator[Progress]:
        """Yield the progress of ``task``, which counts as running inside of the block."""
        progress = Progress(task, self._clock)
        with self._lock:
            self._under_way.append(progress)
        try:
            yield progress
        finally:
            with self._lock:
                self._under_way.remove(progress)

    def rows_done(self) -> dict[str, int]:
        """Return the rows of each fractal that takes long, by uuid: those of the latest render."""
        with self._lock:
            return {one.uuid: one.rows for one in self._under_way if one.takes_long}
