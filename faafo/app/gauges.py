# SPDX-License-Identifier: Apache-2.0
"""The gauges of the API: what it reads in the database when Prometheus asks."""

import logging
from collections import Counter
from dataclasses import dataclass
from itertools import product

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.core.refreshed import Refreshed
from faafo.db import db, samples
from faafo.fractal.service import Kind, State
from faafo.metrics import catalogue as metrics
from faafo.metrics.instruments import Reading

LOG = logging.getLogger(__name__)

# Seconds for which a reading is shown again.
REUSE_SECONDS = 1.0


@dataclass(frozen=True)
class _Load:
    fractals: dict[tuple[str, ...], float]
    oldest: float
    services: dict[tuple[str, ...], float]


class Gauges:
    """Reads the load in the database, at most once a second, and only when somebody asks."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._load = Refreshed(self._read_or_none, REUSE_SECONDS)
        self._failing = False

    def show(self) -> None:
        """Have the metrics show what is read."""
        metrics.DATABASE_UP.read_from(lambda: float(self._load.get() is not None))
        metrics.FRACTALS.read_from(self._fractals)
        metrics.OLDEST_SECONDS.read_from(self._oldest)
        metrics.SERVICES.read_from(self._services)

    def _fractals(self) -> Reading:
        load = self._load.get()
        return None if load is None else load.fractals

    def _oldest(self) -> Reading:
        load = self._load.get()
        return None if load is None else load.oldest

    def _services(self) -> Reading:
        load = self._load.get()
        return None if load is None else load.services

    def _read_or_none(self) -> _Load | None:
        """Return the load, None while the database does not tell it."""
        try:
            with self._app.app_context():
                load = self._read()
        except (SQLAlchemyError, errors.FaafoError) as error:
            level = logging.DEBUG if self._failing else logging.WARNING
            LOG.log(level, "could not read the load for metrics: %s", type(error).__name__)
            self._failing = True
            return None
        self._failing = False
        return load

    def _read(self) -> _Load:
        ours = collaborators()
        counts = ours.counts.of().unfinished(db.session())
        known = Counter((str(one.kind), str(one.state)) for one in ours.registry.listed())
        return _Load(
            fractals={(status,): float(number) for status, number in counts.items()},
            oldest=samples.oldest_seconds(db.session()) or 0.0,
            # Zeros, too: an alert ends when a service is up again.
            services={pair: float(known[pair]) for pair in product(Kind, State)},
        )
