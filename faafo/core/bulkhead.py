# SPDX-License-Identifier: Apache-2.0
"""Bulkheads: slow requests of one kind have a bounded number of places, and so of threads."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from faafo import errors

# How long a request waits while no place is taken or left: then the places are stuck.
STUCK_SECONDS = 0.5
# How long it waits while places become free, but others take them.
LONGEST_WAIT_SECONDS = 5.0
# A page asks for 24 thumbnails at once, and browsers do not repeat what failed.
PAGE_SECONDS = 30.0


class Bulkhead:
    """``places`` requests of one kind at the same time, ``waiting`` others wait for one of them.

    :param kind: what the requests ask for, in the plural, for messages.
    :param waiting: as many as there are places by default.
    :param patience: seconds without a place taken or left, after which the places are stuck.
    :param longest_wait: seconds that a request waits while places become free.
    """

    def __init__(
        self,
        kind: str,
        places: int,
        waiting: int | None = None,
        patience: float = STUCK_SECONDS,
        longest_wait: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._kind = kind
        self.places = places
        self.taken = 0
        self.waiting = 0
        self._most_waiting = places if waiting is None else waiting
        self._patience = patience
        self.longest_wait = longest_wait
        self._moved_at = time.monotonic()
        self._changed = threading.Condition()

    @property
    def threads(self) -> int:
        """The maximum number of threads that work or wait here."""
        return self.places + self._most_waiting

    @contextmanager
    def place(self, patient: bool = False) -> Iterator[None]:
        """Hold a place.

        :param patient: wait for it as long as it takes, beside those that wait for a time.
        :raises faafo.errors.Overloaded: when no place has been taken or left for ``patience``
            seconds; at once when it is so already, or when too many requests wait.
        """
        self._enter(patient)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, patient: bool) -> None:
        with self._changed:
            if patient:
                self._changed.wait_for(lambda: self.taken < self.places)
            elif self.taken >= self.places:
                self._wait()
            self.taken += 1
            self._moved_at = time.monotonic()

    def _leave(self) -> None:
        with self._changed:
            self.taken -= 1
            self._moved_at = time.monotonic()
            self._changed.notify()

    def _wait(self) -> None:
        if self.waiting >= self._most_waiting:
            raise self._overloaded()
        self.waiting += 1
        try:
            latest = time.monotonic() + self.longest_wait
            while self.taken >= self.places:
                seconds = min(self._moved_at + self._patience, latest) - time.monotonic()
                if seconds <= 0:
                    raise self._overloaded()
                self._changed.wait(seconds)
        finally:
            self.waiting -= 1

    def _overloaded(self) -> errors.Overloaded:
        return errors.Overloaded(
            f"too many {self._kind} at the same time, at most {self.places} are served; "
            "try again later"
        )


@dataclass(frozen=True)
class Bulkheads:
    """One bulkhead for each kind of slow request.

    ``images`` are reads and deletions in the image store; ``thumbnails`` read an image and scale it
    down; ``uploads`` hold an image in memory; ``searches`` may read every record.
    """

    images: Bulkhead
    thumbnails: Bulkhead
    uploads: Bulkhead
    searches: Bulkhead

    @classmethod
    def sized_by(cls, threads: int) -> Self:
        """Return bulkheads with places in proportion to ``[api] threads``."""
        half, quarter = max(1, threads // 2), max(1, threads // 4)
        return cls(
            images=Bulkhead("reads of images", threads),
            # A page shows 24; each takes memory for a whole picture.
            thumbnails=Bulkhead(
                "thumbnails",
                quarter,
                waiting=3 * threads,
                patience=LONGEST_WAIT_SECONDS,
                longest_wait=PAGE_SECONDS,
            ),
            # Scaling or storing one large picture takes longer than a read that is stuck.
            uploads=Bulkhead("uploads", half, patience=LONGEST_WAIT_SECONDS),
            searches=Bulkhead("searches", quarter),
        )

    @property
    def threads(self) -> int:
        """The maximum number of threads that slow requests take."""
        kinds = (self.images, self.thumbnails, self.uploads, self.searches)
        return sum(kind.threads for kind in kinds)
