# SPDX-License-Identifier: Apache-2.0
"""Deletes images in a thread of its own: a report does not wait for a slow image store."""

import logging
import threading
from collections import deque

from faafo import errors
from faafo.store.base import ImageStore

LOG = logging.getLogger(__name__)

MOST_WAITING = 10_000


class Removal:
    """Deletes images without a record, one after the other.

    An image that cannot be deleted stays until ``faafo-manage store sweep`` removes it.
    """

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()
        self._running = False

    def submit(self, uuid: str) -> None:
        """Delete the image of a fractal soon."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                LOG.warning("leaving the image of fractal %s to the next sweep", uuid)
                return
            self._waiting.append(uuid)
            if not self._running:
                self._start()

    def delete(self, uuid: str) -> None:
        """Delete the image of a fractal now."""
        try:
            self._store.delete(uuid)
        except errors.StoreUnavailable as error:
            LOG.warning("could not delete the image of fractal %s: %s", uuid, error)

    def _start(self) -> None:
        try:
            threading.Thread(target=self._run, name="removal", daemon=True).start()
        except RuntimeError as error:
            # The caller's report counts more; the next submission tries again.
            LOG.warning("%d images wait to be deleted: %s", len(self._waiting), error)
        else:
            self._running = True

    def _run(self) -> None:
        while (uuid := self._next()) is not None:
            try:
                self.delete(uuid)
            # This thread has no caller, and the next image is to be deleted as well.
            except Exception:
                LOG.exception("could not delete the image of fractal %s", uuid)

    def _next(self) -> str | None:
        with self._lock:
            self._running = bool(self._waiting)
            return self._waiting.popleft() if self._waiting else None
