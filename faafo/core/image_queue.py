# SPDX-License-Identifier: Apache-2.0
"""Renames and deletes images in a thread of its own: no report waits for a slow image store."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable

from faafo import errors
from faafo.fractal.media import IMAGE, Medium
from faafo.store.base import ImageStore

LOG = logging.getLogger(__name__)

MOST_WAITING = 10_000


class ImageQueue:
    """Renames images of complete fractals and deletes images without a record, in order.

    An image that cannot be renamed is found by its token. One that cannot be deleted stays until
    ``faafo-manage store sweep`` removes it.
    """

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._running = False

    def publish(self, images: list[tuple[str, str]]) -> threading.Event:
        """Publish images, each given by uuid and token, soon; return the event of their end."""
        done = threading.Event()

        def act() -> None:
            for uuid, token in images:
                self._publish(uuid, token)
            done.set()

        self._submit(act)
        return done

    def delete_soon(self, uuid: str, token: str | None) -> None:
        """Delete the image of a fractal that was stored under ``token`` soon."""
        self._submit(lambda: self.delete(uuid, token))

    def delete_all_soon(self, files: Iterable[tuple[str, str | None]], medium: Medium) -> None:
        """Delete files of one kind, each given by uuid and token, soon."""

        def act() -> None:
            store = self._of(medium)
            try:
                for uuid, token in files:
                    store.delete(uuid, token)
            except errors.StoreUnavailable as error:
                LOG.warning("could not delete %s files: %s", medium.suffix, error)

        self._submit(act)

    def delete(self, uuid: str, token: str | None, medium: Medium = IMAGE) -> None:
        """Delete the image of a fractal that was stored under ``token`` now."""
        try:
            self._of(medium).delete(uuid, token)
        except errors.StoreUnavailable as error:
            LOG.warning("could not delete the image of fractal %s: %s", uuid, error)

    def unpublish(self, uuid: str, token: str | None) -> None:
        """Give an image the name with its token back; delete one that was stored without a token.

        When the store fails, the image keeps its name.
        """
        try:
            if token is None:
                self._store.delete(uuid)
            else:
                self._store.unpublish(uuid, token)
        except errors.StoreUnavailable as error:
            LOG.warning("could not rename the image of fractal %s: %s", uuid, error)

    def _of(self, medium: Medium) -> ImageStore:
        return self._store if medium is IMAGE else self._store.of(medium)

    def _publish(self, uuid: str, token: str) -> None:
        try:
            self._store.publish(uuid, token)
        except errors.StoreUnavailable as error:
            LOG.info("could not rename the image of fractal %s: %s", uuid, error)

    def _submit(self, act: Callable[[], None]) -> None:
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                LOG.warning("the image store is slow: leaving images to the next sweep")
                return
            self._waiting.append(act)
            if not self._running:
                self._start()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._run, name="images", daemon=True).start()
        except RuntimeError as error:
            # The caller's report counts more; the next submission tries again.
            LOG.warning("%d requests to the image store wait: %s", len(self._waiting), error)
        else:
            self._running = True

    def _run(self) -> None:
        while (act := self._next()) is not None:
            try:
                act()
            # This thread has no caller, and the next request is to be made as well.
            except Exception:
                LOG.exception("a request to the image store failed")

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            self._running = bool(self._waiting)
            return self._waiting.popleft() if self._waiting else None
