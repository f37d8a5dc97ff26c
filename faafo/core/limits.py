# SPDX-License-Identifier: Apache-2.0
"""The operator's limits on what may be posted, and on how much of it."""

from oslo_config import cfg

from faafo import errors
from faafo.db import db, fractals
from faafo.fractal.task import FractalTask


class Limits:
    """Refuses fractals that are larger than the options of group ``[api]`` allow."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf

    def check(self, task: FractalTask) -> None:
        """Let ``task`` pass.

        :raises faafo.errors.LimitExceeded: when it is too large; names the limit and its option.
        :raises faafo.errors.QueueFull: when enough is queued already.
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
                    f"{field}: {value} is more than this service allows, [api] max_{field} = "
                    f"{limit}"
                )
        most = self._conf.api.max_queued
        if most and fractals.is_queue_full(db.session, most):
            raise errors.QueueFull(
                f"{most} fractals are queued: as many as [api] max_queued allows; try again later"
            )
