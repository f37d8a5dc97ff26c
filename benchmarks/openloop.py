# SPDX-License-Identifier: Apache-2.0
"""An open-loop load: fractals are posted when they are due, however long earlier ones take."""

import queue
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from benchmarks import load, stage
from faafo.fractal.task import FractalTask

THREADS = 8
# Between two looks at the database: the accuracy of the times.
POLL_SECONDS = 0.002
TIMEOUT_SECONDS = 120.0
UNFINISHED = "SELECT uuid FROM fractal WHERE status IN ('queued', 'rendering')"


class OpenLoop:
    """Posts ``tasks`` to a stack at ``moments``, in seconds from the start.

    :raises RuntimeError: from ``run``, when a POST is refused or a fractal does not end in time.
    """

    def __init__(
        self, stack: stage.Stack, tasks: Sequence[FractalTask], moments: Sequence[float]
    ) -> None:
        self._stack = stack
        self._plan = list(zip(moments, tasks, strict=True))
        self._due: queue.SimpleQueue[tuple[float, FractalTask] | None] = queue.SimpleQueue()
        # When each fractal was due whose POST was answered.
        self._answered: dict[str, float] = {}
        self._refused: list[int] = []

    def run(self) -> list[float]:
        """Return the seconds of each fractal, from the moment it was due until it was complete."""
        threads = [threading.Thread(target=self._arrive)]
        threads += [threading.Thread(target=self._post) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            return self._follow()
        finally:
            for thread in threads:
                thread.join()

    def _arrive(self) -> None:
        never, began_at = threading.Event(), time.monotonic()
        for moment, task in self._plan:
            never.wait(max(0.0, began_at + moment - time.monotonic()))
            self._due.put((began_at + moment, task))
        for _ in range(THREADS):
            self._due.put(None)

    def _post(self) -> None:
        connection = load.Connection(urlsplit(self._stack.url).port)
        while (arrival := self._due.get()) is not None:
            due_at, task = arrival
            status, _body = connection.ask(load.prepared("POST", "/api/fractal", task.model_dump()))
            if status != 201:
                self._refused.append(status)
            self._answered[task.uuid] = due_at
        connection.close()

    def _follow(self) -> list[float]:
        """Look at the database, not at the API, whose time is for the load."""
        pause, seconds, last = threading.Event(), [], self._plan[-1][0]
        ends_at = time.monotonic() + last + TIMEOUT_SECONDS
        while len(seconds) < len(self._plan):
            # In this order: what was answered before is in the database.
            answered = list(self._answered)
            unfinished = {uuid for (uuid,) in self._stack.database.rows(UNFINISHED)}
            now = time.monotonic()
            seconds += [now - self._answered.pop(one) for one in answered if one not in unfinished]
            if self._refused or now > ends_at:
                raise RuntimeError(f"{len(seconds)} fractals ended, refused: {self._refused}")
            pause.wait(POLL_SECONDS)
        self._stack.settle(len(self._plan))
        return seconds
