# SPDX-License-Identifier: Apache-2.0
"""Bulkheads: slow requests of one kind have a bounded number of places, and so of threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from faafo import errors

# How long a request waits for a place that is taken.
PATIENCE_SECONDS = 0.5


class Bulkhead:
    """``places`` requests of one kind at the same time; as many others wait for half a second.

    :param kind: what the requests ask for, in the plural, for messages.
    """

    def __init__(self, kind: str, places: int, patience: float = PATIENCE_SECONDS) -> None:
        self._kind = kind
        self.places = places
        self._patience = patience
        self._entries = threading.Semaphore(self.threads)
        self._free = threading.Semaphore(places)

    @property
    def threads(self) -> int:
        """The maximum number of threads that work or wait here."""
        return 2 * self.places

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place.

        :raises faafo.errors.Overloaded: when none becomes free in time; at once when as many
            requests wait as there are places.
        """
        if not self._entries.acquire(blocking=False):
            raise self._overloaded()
        try:
            if not self._free.acquire(timeout=self._patience):
                raise self._overloaded()
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._entries.release()

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
            thumbnails=Bulkhead("thumbnails", half),
            uploads=Bulkhead("uploads", half),
            searches=Bulkhead("searches", quarter),
        )

    @property
    def threads(self) -> int:
        """The maximum number of threads that slow requests take."""
        kinds = (self.images, self.thumbnails, self.uploads, self.searches)
        return sum(kind.threads for kind in kinds)
