# SPDX-License-Identifier: Apache-2.0
"""Slots: how many fractals a worker renders at the same time, and for which producer."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from faafo import errors
from faafo.metrics import catalogue as metrics

# Seconds between two checks whether a render that waits for exclusive use is cancelled.
POLL_INTERVAL = 0.5


# A running worker gets up to so many slots, or this times as many as it had at the start: there are
# threads for the calls in each, and the executor of oslo.messaging starts all that it may have.
MOST_SLOTS = 16
MOST_GROWTH = 2


class SlotNumber:
    """The number of slots, as group ``[worker]`` says now.

    ``most`` is the largest one: for so many slots the worker has threads.
    """

    def __init__(self, options: Any) -> None:
        self._options = options
        self.most = max(MOST_SLOTS, MOST_GROWTH * self.configured)

    def __call__(self) -> int:
        return min(self.configured, self.most)

    @property
    def configured(self) -> int:
        """The number in the options, by default that of the processor cores."""
        return self._options.slots or len(os.sched_getaffinity(0))


class Slots:
    """Counts the slots that are occupied for each producer.

    :param total: returns how many slots there are. When there are fewer than before, renders in the
        others go on to their end.
    """

    def __init__(self, total: Callable[[], int]) -> None:
        self._total = total
        self._busy_for: Counter[str] = Counter()
        # The producer of the exclusive render, which runs or waits until the others have finished.
        self._exclusive_for: str | None = None
        self._closed = self._disabled = False
        self._changed = threading.Condition()

    @contextmanager
    def occupy(
        self, producer: str, exclusive: bool = False, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Occupy a slot for ``producer``.

        :param exclusive: accept no other caller, and wait until all slots but this one are free,
            or until ``cancelled()``.
        :raises faafo.errors.WorkerBusy: when no slot is free, or the slots are closed.
        """
        with self._changed:
            if self.free <= 0:
                raise errors.WorkerBusy("no slot is free")
            self._busy_for[producer] += 1
            self._exclusive_for = producer if exclusive else None
        try:
            if exclusive:
                metrics.QUARANTINED.add()
                self._wait_for_others(cancelled)
            yield
        finally:
            with self._changed:
                self._busy_for[producer] -= 1
                if not self._busy_for[producer]:
                    # Each producer process has an id of its own: the ids of all would pile up.
                    del self._busy_for[producer]
                self._exclusive_for = None if exclusive else self._exclusive_for
                self._changed.notify_all()

    def wait_until_free(self, timeout: float) -> bool:
        """Return whether no slot is occupied, within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy_for, timeout)

    def _wait_for_others(self, cancelled: Callable[[], bool]) -> None:
        with self._changed:
            while self._busy_for.total() > 1 and not cancelled():
                self._changed.wait(POLL_INTERVAL)

    @property
    def total(self) -> int:
        """The number of slots; 0 after ``close``, and while they are disabled."""
        return 0 if self.is_closed else self._total()

    @property
    def free(self) -> int:
        """The number of free slots; 0 during an exclusive render."""
        return 0 if self._exclusive_for is not None else self.total - self._busy_for.total()

    @property
    def busy_for(self) -> dict[str, int]:
        """The occupied slots by producer; an exclusive render counts for all free ones, too."""
        with self._changed:
            busy = self._busy_for.copy()
            if self._exclusive_for is not None:
                busy[self._exclusive_for] += max(0, self._total() - busy.total())
            return dict(busy)

    @property
    def is_closed(self) -> bool:
        """Whether further callers are refused, for now or for good."""
        return self._closed or self._disabled

    def disable(self, disabled: bool) -> None:
        """Refuse further callers, or take them again; those inside are not disturbed."""
        with self._changed:
            self._disabled = disabled

    def close(self) -> None:
        """Refuse all further callers."""
        with self._changed:
            self._closed = True
