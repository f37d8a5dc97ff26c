"""What a worker does when it is called: take a slot, render, store, answer."""

import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from faafo import errors
from faafo.fractal import image
from faafo.fractal.task import FractalResult, FractalTask, parse_task
from faafo.rpc.server import expected_exceptions
from faafo.store.base import ImageStore

LOG = logging.getLogger(__name__)


class Slots:
    """Counts who occupies which of a fixed number of slots."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._busy_for: Counter[str] = Counter()
        self._closed = False
        self._lock = threading.Lock()

    @contextmanager
    def occupy(self, producer: str) -> Iterator[None]:
        """Occupy a slot for ``producer``.

        :raises faafo.errors.WorkerBusy: when none is free, or they have been closed.
        """
        with self._lock:
            if self.free <= 0:
                raise errors.WorkerBusy("no slot is free")
            self._busy_for[producer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy_for[producer] -= 1

    @property
    def total(self) -> int:
        """The number of slots, 0 once they are closed."""
        return 0 if self._closed else self._total

    @property
    def free(self) -> int:
        """The number of slots that nobody occupies."""
        return self.total - self._busy_for.total()

    @property
    def busy_for(self) -> dict[str, int]:
        """How many slots each producer occupies."""
        with self._lock:
            return {producer: busy for producer, busy in self._busy_for.items() if busy}

    def close(self) -> None:
        """Let nobody in any more."""
        with self._lock:
            self._closed = True


class WorkerEndpoint:
    """The RPC methods of topic ``tasks``."""

    def __init__(
        self, name: str, slots: Slots, store: ImageStore, cancelled: threading.Event
    ) -> None:
        self._name = name
        self._slots = slots
        self._store = store
        self._cancelled = cancelled

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
        """Render ``task``, store the image and return the fields of a ``FractalResult``.

        :raises faafo.errors.WorkerBusy: at once, when no slot is free.
        :raises faafo.errors.InvalidTask: when ``task`` is none.
        :raises faafo.errors.StoreUnavailable: when the image cannot be stored.
        :raises faafo.errors.RenderCancelled: when the worker was told to stop at once.
        :raises faafo.errors.RenderFailed: when anything else goes wrong.
        """
        with self._slots.occupy(str(ctxt.get("producer", ""))):
            try:
                return self._render(parse_task(task)).model_dump()
            except errors.FaafoError:
                raise
            # Only our own errors travel, and no producer may wait in vain for an answer.
            except Exception as error:
                LOG.exception("task failed: %s", task)
                raise errors.RenderFailed(f"{type(error).__name__}: {error}") from error

    def _render(self, task: FractalTask) -> FractalResult:
        LOG.info("processing task %s", task.uuid)
        started_at = time.perf_counter()
        picture = image.render(task, self._cancelled.is_set)
        duration = time.perf_counter() - started_at
        LOG.info("task %s processed in %f seconds", task.uuid, duration)
        png = image.encode(picture)
        path = self._store.save(task.uuid, png)
        LOG.info("saved result of task %s to file %s", task.uuid, path)
        return FractalResult(
            uuid=task.uuid,
            checksum=hashlib.sha256(png).hexdigest(),
            duration=duration,
            size=len(png),
            generated_by=self._name,
        )
