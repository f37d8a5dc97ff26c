# SPDX-License-Identifier: Apache-2.0
"""One attempt at a task: finds the image of an earlier attempt, or renders and stores it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from faafo import errors
from faafo.correlation import Work
from faafo.fractal.lease import incarnation_of, make_token
from faafo.fractal.media import FILMS, SEGMENT
from faafo.fractal.parts import Band, FilmJoin, Join
from faafo.fractal.png import is_whole
from faafo.fractal.task import FractalResult, FractalTask
from faafo.metrics import catalogue as metrics
from faafo.render import image, segment
from faafo.retry import with_backoff
from faafo.rpc.messages import Holder
from faafo.store.base import ImageWriter, Saved, checksum, pieces_of, spooled
from faafo.tracing import spans
from faafo.worker import films, memory
from faafo.worker.checked import Checked
from faafo.worker.progress import Renders
from faafo.worker.work import WorkDone

LOG = logging.getLogger(__name__)

# Earlier attempts whose image is looked for; each may cost a request to the image store.
ATTEMPTS_SEARCHED = 5


class Renderer:
    """Renders tasks for the worker called ``name``, and stores their images.

    :param save_timeout: seconds for which a store that does not answer is tried again.
    :param work: counts the renders.
    """

    def __init__(
        self,
        name: str,
        store: ImageWriter,
        renders: Renders,
        save_timeout: float = 0.0,
        work: WorkDone | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._renders = renders
        self._save_timeout = save_timeout
        self._work = work or WorkDone()

    def run(self, task: FractalTask, holder: Holder, cancelled: threading.Event) -> FractalResult:
        """Return the result of ``task``, of an earlier attempt if that has stored the image.

        Call ``sync`` before the result is reported.

        :raises faafo.errors.FaafoError: as ``WorkerEndpoint.process`` tells.
        """
        with Work(holder.correlation, task.uuid):
            try:
                found = self.find(task, earlier_tokens(holder))
                return found or self._render(task, holder, cancelled)
            except errors.RenderCancelled:
                raise
            except errors.FaafoError as error:
                metrics.FAILURES.add(_reason(error))
                raise
            # Only faafo's errors travel, and the producer waits for an answer.
            except Exception as error:
                LOG.exception("task failed: %s", task)
                metrics.FAILURES.add("render")
                raise errors.RenderFailed(f"{type(error).__name__}: {error}") from error
            finally:
                memory.trim(task.width * task.band.rows)

    def sync(self) -> None:
        """Make the images of all results survive a power failure.

        :raises faafo.errors.StoreUnavailable: when that is not certain.
        """
        self._store.sync()

    def find(self, task: FractalTask, tokens: list[str]) -> FractalResult | None:
        """Return the result of an image that is stored under one of ``tokens``, None without one.

        Its duration is the seconds that it took to find the image: that of the render is unknown.
        What was joined is not looked for: it may be large, and is joined as fast.
        """
        started_at = time.perf_counter()
        for token in tokens if not isinstance(task.part, Join | FilmJoin) else ():
            png = self._store_of(task).find(task.uuid, token)
            if png is not None and _is_of(task, png):
                LOG.info("task %s has been rendered by an earlier attempt", task.uuid)
                saved = Saved("", checksum(png), len(png))
                return self._result(task, saved, time.perf_counter() - started_at, token)
        return None

    def _render(
        self, task: FractalTask, holder: Holder, cancelled: threading.Event
    ) -> FractalResult:
        LOG.info("processing task %s", task.uuid)
        if isinstance(task.part, Join):
            return self._join(task, task.part, holder, cancelled)
        if isinstance(task.part, FilmJoin):
            return self._join_film(task, task.part, holder, cancelled)
        started_at = time.perf_counter()
        with spans.span("render", holder.correlation):
            with self._renders.under_way(task) as progress:
                picture = image.render(task, cancelled.is_set, progress)
            duration = time.perf_counter() - started_at
            metrics.RENDER_SECONDS.observe(duration)
            LOG.info("task %s processed in %f seconds", task.uuid, duration)
            png = (segment if isinstance(task.part, Band) else image).encode(picture)
        # Also when it was cancelled too late to be stopped: to store it costs less than to render
        # it again. If the fractal is no more, its result is refused, and its image deleted.
        saving_at = time.perf_counter()
        with spans.span("store", holder.correlation) as correlation, Work(correlation, task.uuid):
            save = self._saving(task, cancelled)
            path = save(self._store_of(task).save, task.uuid, png, holder.attempt, holder.token)
        metrics.STORE_SECONDS.observe(time.perf_counter() - saving_at)
        self._work.record(duration)
        LOG.info("saved result of task %s to file %s", task.uuid, path)
        saved = Saved(path, checksum(png), len(png))
        return self._result(task, saved, duration, holder.token)

    def _join(
        self, task: FractalTask, join: Join, holder: Holder, cancelled: threading.Event
    ) -> FractalResult:
        """Join the segments of a picture, and store it, piece by piece."""
        started_at = time.perf_counter()
        pieces = partial(_pieces, task, join, self._store.segments(), cancelled)

        def store() -> Saved:
            return self._store.save_pieces(task.uuid, pieces(), holder.attempt, holder.token)

        with spans.span("join", holder.correlation) as correlation, Work(correlation, task.uuid):
            saved = self._saving(task, cancelled)(store)
        duration = time.perf_counter() - started_at
        LOG.info("joined task %s to file %s in %f seconds", task.uuid, saved.location, duration)
        return self._result(task, saved, duration, holder.token)

    def _join_film(
        self, task: FractalTask, join: FilmJoin, holder: Holder, cancelled: threading.Event
    ) -> FractalResult:
        """Join the frames of a film in a temporary file, and store that."""
        started_at = time.perf_counter()
        save = self._saving(task, cancelled)
        with (
            spans.span("join", holder.correlation) as correlation,
            Work(correlation, task.uuid),
            spooled() as file,
        ):
            with self._renders.under_way(task) as progress:
                films.write(task, join, self._store, save, cancelled, progress, file)

            def store() -> Saved:
                file.seek(0)
                pieces = pieces_of(file)
                film = self._store_of(task)
                return film.save_pieces(task.uuid, pieces, holder.attempt, holder.token)

            saved = save(store)
        duration = time.perf_counter() - started_at
        LOG.info("joined film %s to file %s in %f seconds", task.uuid, saved.location, duration)
        return self._result(task, saved, duration, holder.token)

    def _store_of(self, task: FractalTask) -> ImageWriter:
        if isinstance(task.part, FilmJoin):
            return self._store.of(FILMS[task.part.format])
        return self._store.of(SEGMENT) if isinstance(task.part, Band) else self._store

    def _result(
        self, task: FractalTask, saved: Saved, duration: float, image_token: str | None
    ) -> FractalResult:
        return FractalResult(
            uuid=task.uuid,
            checksum=saved.checksum,
            duration=duration,
            size=saved.size,
            generated_by=self._name,
            image_token=image_token,
        )

    def _saving(self, task: FractalTask, cancelled: threading.Event) -> Callable[..., Any]:
        """Return what calls a store, with retries for save_timeout seconds.

        To render an image again costs more.
        """
        call = with_backoff(errors.StoreUnavailable, cancelled, self._save_timeout)

        def save(*arguments: Any) -> Any:
            try:
                return call(*arguments)
            # A refusal of what was cancelled is not held against the fractal, which may be deleted.
            except (errors.StoreUnavailable, errors.ImageRefused):
                if cancelled.is_set():
                    text = f"the image of task {task.uuid} is not stored"
                    raise errors.RenderCancelled(text) from None
                raise

        return save


def _pieces(
    task: FractalTask, join: Join, store: ImageWriter, cancelled: threading.Event
) -> Iterator[bytes]:
    """Yield the file of a picture whose segments are in ``store``.

    :raises faafo.errors.RenderFailed: when a segment is missing, or not what it should be.
    """

    def opened(number: int) -> Checked:
        if cancelled.is_set():
            raise errors.RenderCancelled(f"the join of task {task.uuid} was cancelled")
        one = join.segments[number]
        try:
            file = store.open(one.uuid, one.token)
        except errors.ImageNotFound:
            raise errors.RenderFailed(f"segment {number}: that of {one.uuid} is lost") from None
        return Checked(file, one.checksum, f"segment {number}")

    try:
        yield from segment.joined(task, [one.rows for one in join.segments], opened)
    except errors.InvalidImage as error:
        raise errors.RenderFailed(str(error)) from None


def _is_of(task: FractalTask, content: bytes) -> bool:
    if isinstance(task.part, Band):
        return segment.is_whole(content, task.width, task.part.rows)
    return is_whole(content, task.width, task.height)


def _reason(error: errors.FaafoError) -> str:
    if isinstance(error, errors.ImageRefused):
        return "refused"
    return "store" if isinstance(error, errors.StoreUnavailable) else "render"


def earlier_tokens(holder: Holder) -> list[str]:
    """Return the tokens of the attempts just before that of ``holder``, the latest first.

    None without a token: an earlier record may have had the same uuid and another picture.
    """
    if holder.token is None or holder.attempt is None:
        return []
    incarnation = incarnation_of(holder.token)
    first = max(1, holder.attempt - ATTEMPTS_SEARCHED)
    return [make_token(incarnation, number) for number in range(holder.attempt - 1, first - 1, -1)]
