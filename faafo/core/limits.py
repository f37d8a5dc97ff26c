# SPDX-License-Identifier: Apache-2.0
"""The operator's limits on posted fractals and on the length of the queue."""

from oslo_config import cfg
from sqlalchemy.orm import Session, scoped_session

from faafo import errors
from faafo.db import db, fractals
from faafo.fractal.task import FractalTask


class Limits:
    """Rejects fractals that exceed the limits in group ``[api]``.

    :param session: by default that of the current request.
    """

    def __init__(self, conf: cfg.ConfigOpts, session: Session | scoped_session | None = None):
        self._conf = conf
        self._session = db.session if session is None else session

    def check(self, task: FractalTask) -> None:
        """Check the size of ``task`` and the length of the queue.

        :raises faafo.errors.LimitExceeded: when it is too large; names the limit and its option.
        :raises faafo.errors.QueueFull: when the queue is full.
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
                    f"{field}: {value} exceeds the limit, [api] max_{field} = {limit}"
                )
        max_queued = self._conf.api.max_queued
        if max_queued and fractals.is_queue_full(self._session, max_queued):
            raise errors.QueueFull(
                f"the queue is full, [api] max_queued = {max_queued}; try again later"
            )
