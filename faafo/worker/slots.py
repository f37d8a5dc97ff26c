# SPDX-License-Identifier: Apache-2.0
"""Slots: how many fractals a worker renders at the same time, and for whom."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from faafo import errors

# Seconds between two looks at whether somebody who waits to be alone has given up.
LOOK_INTERVAL = 0.5


class Slots:
    """Counts who occupies which of a fixed number of slots."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._busy_for: Counter[str] = Counter()
        # The producer of the fractal that is rendered alone, or will be once the others are done.
        self._alone_for: str | None = None
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def occupy(
        self, producer: str, alone: bool = False, given_up: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Occupy a slot for ``producer``.

        :param alone: let nobody else in, and wait until those inside have left, or ``given_up()``.
        :raises faafo.errors.WorkerBusy: when none is free, or they have been closed.
        """
        with self._changed:
            if self.free <= 0:
                raise errors.WorkerBusy("no slot is free")
            self._busy_for[producer] += 1
            if alone:
                self._alone_for = producer
                self._wait_for_others(given_up)
        try:
            yield
        finally:
            with self._changed:
                self._busy_for[producer] -= 1
                self._alone_for = None if alone else self._alone_for
                self._changed.notify_all()

    def _wait_for_others(self, given_up: Callable[[], bool]) -> None:
        while self._busy_for.total() > 1 and not given_up():
            self._changed.wait(LOOK_INTERVAL)

    @property
    def total(self) -> int:
        """The number of slots, 0 once they are closed."""
        return 0 if self._closed else self._total

    @property
    def free(self) -> int:
        """The number of slots that can be occupied now."""
        return 0 if self._alone_for is not None else self.total - self._busy_for.total()

    @property
    def busy_for(self) -> dict[str, int]:
        """How many slots each producer occupies; all that are left, for who wants to be alone."""
        with self._changed:
            busy = Counter({name: count for name, count in self._busy_for.items() if count})
            if self._alone_for is not None:
                busy[self._alone_for] += self._total - busy.total()
            return dict(busy)

    def close(self) -> None:
        """Let nobody in any more."""
        with self._changed:
            self._closed = True
