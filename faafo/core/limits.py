# SPDX-License-Identifier: Apache-2.0
"""The operator's limits on posted fractals, on the length of the queue, and on projects."""

from oslo_config import cfg
from sqlalchemy.orm import Session, scoped_session

from faafo import errors
from faafo.db import counts, db
from faafo.db.outcomes import RetryPolicy
from faafo.db.quotas import RESOURCES, Amounts
from faafo.fractal.parts import MOST_PARTS
from faafo.fractal.paths import Whole
from faafo.fractal.task import FractalTask


class Limits:
    """Rejects fractals that exceed the limits in group ``[api]``.

    :param session: by default that of the current request.
    """

    def __init__(self, conf: cfg.ConfigOpts, session: Session | scoped_session | None = None):
        self._conf = conf
        self._session = db.session if session is None else session

    @property
    def quota(self) -> Amounts:
        """The limits of a project that has none of its own."""
        return Amounts(**{name: self._conf.quota[name] for name in RESOURCES})

    @property
    def max_wait(self) -> int:
        """The seconds that a request may wait for the end of a fractal."""
        return self._conf.api.max_wait

    @property
    def retry_policy(self) -> RetryPolicy:
        """How often a fractal is rendered again after a failure, and when."""
        options = self._conf.api
        return RetryPolicy(options.max_attempts, options.retry_delay, options.retry_delay_max)

    @property
    def ageing(self) -> float:
        """The seconds of waiting that are worth one step of priority."""
        return self._conf.api.priority_ageing

    @property
    def max_rendering(self) -> int:
        """The number of fractals of a project that are rendered at the same time; 0: no limit."""
        return self._conf.api.max_rendering_per_project

    def check(self, task: FractalTask) -> None:
        """Check a single task: its size, and that the queue has room; raises as the two below."""
        self.check_size(task)
        self.check_queue()

    def check_size(self, task: FractalTask, place: str = "") -> None:
        """Check the size of ``task``.

        :param place: what the name of a field begins with in messages, such as ``3.``.
        :raises faafo.errors.LimitExceeded: when it is too large; names the limit and its option.
        """
        self._check_sizes(task, place, "max_")

    def _check_sizes(self, task: FractalTask | Whole, place: str, prefix: str) -> None:
        for field, value, option in (
            ("width", task.width, f"{prefix}width"),
            ("height", task.height, f"{prefix}height"),
            ("pixels", task.width * task.height, f"{prefix}pixels"),
            ("iterations", task.iterations, "max_iterations"),
        ):
            limit = self._conf.api[option]
            if value > limit:
                raise errors.LimitExceeded(
                    f"{place}{field}: {value} exceeds the limit, [api] {option} = {limit}"
                )
        self._check_points(task, task.width * task.height, place, f"{prefix}points")

    def _check_points(
        self, task: FractalTask | Whole, pixels: int, place: str, option: str
    ) -> None:
        points, most = pixels * task.samples**2, self._conf.api[option]
        if task.samples > 1 and points > most:
            raise errors.LimitExceeded(
                f"{place}samples: {points} points, {task.samples} x {task.samples} in each pixel, "
                f"exceed the limit, [api] {option} = {most}"
            )

    def parts(self, task: FractalTask, wanted: int | None) -> int:
        """Check a single task; return into how many bands it is divided, 0 for none.

        :param wanted: how many the request names, if any.
        :raises faafo.errors.InvalidTask: when it has fewer rows.
        :raises faafo.errors.LimitExceeded: when it is too large; names the limit and its option.
        :raises faafo.errors.QueueFull: as ``check_queue``.
        """
        pixels = task.width * task.height
        largest = self._conf.api.split_pixels
        if wanted is None and (not largest or pixels <= largest):
            self.check(task)
            return 0
        if task.height == 1:
            raise errors.InvalidTask("split: a picture of one row cannot be divided")
        if wanted is not None and wanted > task.height:
            raise errors.InvalidTask(
                f"split: must be at most the number of rows, {task.height}, not {wanted}"
            )
        self._check_sizes(task, "", "max_poster_")
        count = wanted or min(task.height, MOST_PARTS, -(-4 * pixels // largest))
        # A worker needs memory for each band as for a picture that is rendered whole.
        band, most = task.width * -(-task.height // count), self._conf.api.max_pixels
        if band > most:
            raise errors.LimitExceeded(
                f"split: {band} pixels in each of the bands, {count} in number, exceed the limit, "
                f"[api] max_pixels = {most}"
            )
        self._check_points(task, band, "", "max_points")
        self.check_queue(count)
        return count

    def check_film(self, whole: Whole, frames: int) -> None:
        """Check a film: the size of a frame, the pixels of all, and that the queue has room.

        :raises faafo.errors.LimitExceeded: when it is too large; names the limit and its option.
        :raises faafo.errors.QueueFull: as ``check_queue``.
        """
        self._check_sizes(whole, "", "max_")
        pixels, most = whole.width * whole.height * frames, self._conf.api.max_film_pixels
        if pixels > most:
            raise errors.LimitExceeded(
                f"frames: {pixels} pixels in all {frames} frames exceed the limit, "
                f"[api] max_film_pixels = {most}"
            )
        self.check_queue(frames)

    def check_queue(self, count: int = 1) -> None:
        """Check that the queue has room for ``count`` fractals.

        :raises faafo.errors.LimitExceeded: when it never has.
        :raises faafo.errors.QueueFull: when it has not now.
        """
        max_queued = self._conf.api.max_queued
        if not max_queued:
            return
        if count > max_queued:
            raise errors.LimitExceeded(
                f"the body: {count} fractals exceed the limit, [api] max_queued = {max_queued}"
            )
        if counts.is_queue_full(self._session, max_queued - count + 1):
            raise errors.QueueFull(
                f"the queue is full, [api] max_queued = {max_queued}; try again later"
            )
