# SPDX-License-Identifier: Apache-2.0
"""The gauges of the API: what it reads in the database when Prometheus asks."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from itertools import product

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import children, db, samples
from faafo.fractal.service import Kind, State
from faafo.metrics import catalogue as metrics
from faafo.metrics.instruments import Gauge, Reading
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

# Seconds for which a reading is shown again.
REUSE_SECONDS = 1.0
# Seconds that a page waits for a reading: Prometheus waits ten for the page, and an alert about the
# database needs the page that says so.
PATIENCE_SECONDS = 2.0
# Seconds that a reading has at the end.
LEAVE_SECONDS = 0.5


@dataclass(frozen=True)
class _Load:
    fractals: dict[tuple[str, ...], float]
    oldest: float
    services: dict[tuple[str, ...], float]


class Gauges:
    """Reads the load in the database, at most once a second, and only when somebody asks.

    It reads in a thread of its own, one at a time: a database that hangs holds up no page.

    :param patience: seconds that a page waits for a reading.
    """

    def __init__(self, app: Flask, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._patience = patience
        self._lock = threading.Lock()
        self._reading: Future[_Load | None] | None = None
        self._begun_at = self._ended_at = 0.0
        self._outage = Outage(LOG)
        self._sources: dict[Gauge, Callable[[], Reading]] = {
            metrics.DATABASE_UP: lambda: float(self._load() is not None),
            metrics.FRACTALS: self._fractals,
            metrics.OLDEST_SECONDS: self._oldest,
            metrics.SERVICES: self._services,
        }
        # Until the service has started: it may wait for the database.
        metrics.DATABASE_UP.read_from(lambda: 0.0)

    def show(self) -> None:
        """Have the metrics show what is read."""
        for metric, source in self._sources.items():
            metric.read_from(source)

    def hide(self) -> None:
        """Have the metrics show nothing, and end, unless the database does not answer in time."""
        for metric in self._sources:
            metric.read_from(lambda: None)
        with self._lock:
            reading = self._reading
        if reading is not None:
            wait([reading], LEAVE_SECONDS)

    def _fractals(self) -> Reading:
        load = self._load()
        return None if load is None else load.fractals

    def _oldest(self) -> Reading:
        load = self._load()
        return None if load is None else load.oldest

    def _services(self) -> Reading:
        load = self._load()
        return None if load is None else load.services

    def _load(self) -> _Load | None:
        """Return the load, None while the database does not tell it in time."""
        with self._lock:
            now = time.monotonic()
            reading = self._reading
            if reading is None or (reading.done() and now >= self._ended_at + REUSE_SECONDS):
                self._reading = reading = self._begun()
                self._begun_at = now
            left = self._begun_at + self._patience - now
        try:
            return reading.result(max(0.0, left))
        except FutureTimeoutError:
            self._complain("no answer in time")
            return None

    def _begun(self) -> Future[_Load | None]:
        reading: Future[_Load | None] = Future()
        try:
            threading.Thread(target=self._run, args=(reading,), name="load", daemon=True).start()
        # The system may refuse another thread.
        except RuntimeError as error:
            self._complain(str(error))
            reading.set_result(None)
        return reading

    def _run(self, reading: Future[_Load | None]) -> None:
        try:
            load = self._read_or_none()
        # It is raised again where the load is asked for.
        except Exception as error:
            self._ended_at = time.monotonic()
            reading.set_exception(error)
        else:
            self._ended_at = time.monotonic()
            reading.set_result(load)

    def _read_or_none(self) -> _Load | None:
        try:
            with self._app.app_context():
                load = self._read()
        except (SQLAlchemyError, errors.FaafoError) as error:
            self._complain(type(error).__name__)
            return None
        self._outage.succeeded()
        return load

    def _complain(self, reason: str) -> None:
        """Log once that the load is not known."""
        self._outage.failed("could not read the load for metrics: %s", reason)

    def _read(self) -> _Load:
        ours = collaborators()
        unfinished = ours.counts.of().unfinished(db.session())
        counts = children.with_parts(db.session(), unfinished)
        known = Counter((str(one.kind), str(one.state)) for one in ours.registry.listed())
        return _Load(
            fractals={(status,): float(number) for status, number in counts.items()},
            oldest=samples.oldest_seconds(db.session()) or 0.0,
            # Zeros, too: an alert ends when a service is up again.
            services={pair: float(known[pair]) for pair in product(Kind, State)},
        )
