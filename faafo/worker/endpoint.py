# SPDX-License-Identifier: Apache-2.0
"""The RPC endpoint of a worker: takes a slot, renders, stores the image, answers."""

import logging
import threading
import time
from typing import Any

from faafo import errors
from faafo.fractal.lease import incarnation_of, make_token
from faafo.fractal.png import has_sides
from faafo.fractal.task import FractalResult, FractalTask, parse_task
from faafo.render import image
from faafo.retry import with_backoff
from faafo.rpc import contract, messages
from faafo.rpc.server import expected_exceptions
from faafo.store.base import ImageWriter, checksum
from faafo.worker.cancellations import Cancellations
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots

LOG = logging.getLogger(__name__)

# Earlier attempts whose image is looked for; each may cost a request to the image store.
ATTEMPTS_SEARCHED = 5


class WorkerEndpoint:
    """The RPC methods of topic ``tasks``."""

    target = contract.TASKS_SERVED

    def __init__(
        self,
        name: str,
        instance_id: str,
        slots: Slots,
        store: ImageWriter,
        cancellations: Cancellations,
        renders: Renders,
        save_timeout: float = 0.0,
    ) -> None:
        self._name = name
        self._instance_id = instance_id
        self._slots = slots
        self._store = store
        self._cancellations = cancellations
        self._renders = renders
        self._save_timeout = save_timeout

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
        """Render ``task``, store the image and return the fields of a ``FractalResult``.

        If an earlier attempt has stored the image, it is not rendered again.

        :param ctxt: a ``TaskContext``. A call for an earlier process with the same name is refused,
            since its task may have killed that process.
        :raises faafo.errors.WorkerBusy: at once, when no slot is free.
        :raises faafo.errors.InvalidMessage: when ``ctxt`` is malformed.
        :raises faafo.errors.InvalidTask: when ``task`` is not valid.
        :raises faafo.errors.StoreUnavailable: when the image cannot be stored.
        :raises faafo.errors.ImageRefused: when the store does not take it, now or later.
        :raises faafo.errors.RenderCancelled: when it was cancelled, or the worker told to stop,
            before it was rendered and stored.
        :raises faafo.errors.RenderFailed: when anything else goes wrong.
        """
        context = messages.parse(messages.TaskContext, ctxt)
        if context.worker not in (None, self._instance_id):
            raise errors.WorkerBusy("the call was made to an earlier process with this name")
        try:
            return self._process(context, parse_task(task)).model_dump()
        except errors.FaafoError:
            raise
        # Only faafo's errors travel, and the producer waits for an answer.
        except Exception as error:
            LOG.exception("task failed: %s", task)
            raise errors.RenderFailed(f"{type(error).__name__}: {error}") from error

    def cancel(self, ctxt: dict[str, Any], uuid: str) -> None:
        """Cancel the render of the caller's attempt; no error when there is none."""
        context = messages.parse(messages.TaskContext, ctxt)
        if self._cancellations.cancel(_key(context, uuid)):
            LOG.info("task %s is cancelled", uuid)

    def _process(self, context: messages.TaskContext, task: FractalTask) -> FractalResult:
        with (
            self._cancellations.listening(_key(context, task.uuid)) as cancelled,
            self._slots.occupy(context.producer, context.alone, cancelled.is_set),
        ):
            return self._stored(context, task) or self._render(context, task, cancelled)

    def _stored(self, context: messages.TaskContext, task: FractalTask) -> FractalResult | None:
        """Return the result of an image that an earlier attempt has stored, None without one.

        Its duration is the seconds that it took to find the image: that of the render is unknown.
        """
        started_at = time.perf_counter()
        for token in _earlier_tokens(context):
            png = self._store.find(task.uuid, token)
            if png is not None and has_sides(png, task.width, task.height):
                LOG.info("task %s has been rendered by an earlier attempt", task.uuid)
                return self._result(task, png, time.perf_counter() - started_at, token)
        return None

    def _render(
        self, context: messages.TaskContext, task: FractalTask, cancelled: threading.Event
    ) -> FractalResult:
        LOG.info("processing task %s", task.uuid)
        started_at = time.perf_counter()
        with self._renders.under_way(task) as progress:
            picture = image.render(task, cancelled.is_set, progress)
        duration = time.perf_counter() - started_at
        LOG.info("task %s processed in %f seconds", task.uuid, duration)
        png = image.encode(picture)
        # Also when it was cancelled too late to be stopped: to store it costs less than to render
        # it again. If the fractal is no more, its result is refused, and its image deleted.
        path = self._save(context, task.uuid, png, cancelled)
        LOG.info("saved result of task %s to file %s", task.uuid, path)
        return self._result(task, png, duration, context.token)

    def _result(
        self, task: FractalTask, png: bytes, duration: float, image_token: str | None
    ) -> FractalResult:
        return FractalResult(
            uuid=task.uuid,
            checksum=checksum(png),
            duration=duration,
            size=len(png),
            generated_by=self._name,
            image_token=image_token,
        )

    def _save(
        self, context: messages.TaskContext, uuid: str, png: bytes, cancelled: threading.Event
    ) -> str:
        """Store an image, with retries for save_timeout seconds: to render it again costs more."""
        save = with_backoff(errors.StoreUnavailable, cancelled, self._save_timeout)
        try:
            return save(self._store.save, uuid, png, context.attempt, context.token)
        # A refusal of what was cancelled is not held against the fractal, which may be deleted.
        except (errors.StoreUnavailable, errors.ImageRefused):
            if cancelled.is_set():
                raise errors.RenderCancelled(f"the image of task {uuid} is not stored") from None
            raise


def _key(context: messages.TaskContext, uuid: str) -> tuple[str, str, int | None, str | None]:
    return uuid, context.producer, context.attempt, context.token


def _earlier_tokens(context: messages.TaskContext) -> list[str]:
    """Return the tokens of the attempts just before that of ``context``, the latest first.

    None without a token: an earlier record may have had the same uuid and another picture.
    """
    if context.token is None or context.attempt is None:
        return []
    incarnation = incarnation_of(context.token)
    first = max(1, context.attempt - ATTEMPTS_SEARCHED)
    return [make_token(incarnation, number) for number in range(context.attempt - 1, first - 1, -1)]
