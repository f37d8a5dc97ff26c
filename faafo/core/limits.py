# SPDX-License-Identifier: Apache-2.0
"""The operator's limits on posted fractals, on the length of the queue, and on projects."""

from oslo_config import cfg
from sqlalchemy.orm import Session, scoped_session

from faafo import errors
from faafo.db import counts, db
from faafo.db.outcomes import RetryPolicy
from faafo.db.quotas import RESOURCES, Amounts
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
        for field, value in (
            ("width", task.width),
            ("height", task.height),
            ("pixels", task.width * task.height),
            ("iterations", task.iterations),
        ):
            limit = self._conf.api[f"max_{field}"]
            if value > limit:
                raise errors.LimitExceeded(
                    f"{place}{field}: {value} exceeds the limit, [api] max_{field} = {limit}"
                )
        points, most = task.width * task.height * task.samples**2, self._conf.api.max_points
        if task.samples > 1 and points > most:
            raise errors.LimitExceeded(
                f"{place}samples: {points} points, {task.samples} x {task.samples} in each pixel, "
                f"exceed the limit, [api] max_points = {most}"
            )

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
