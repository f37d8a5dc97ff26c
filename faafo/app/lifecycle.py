# SPDX-License-Identifier: Apache-2.0
"""Start and stop of the API: connect to the database, check its schema, serve."""

import logging
import threading

from flask import Flask
from oslo_config import cfg

from faafo import errors
from faafo.app.ending_watch import EndingWatch
from faafo.app.event_watch import EventWatch
from faafo.app.exposure import check_exposure
from faafo.app.gauges import Gauges
from faafo.app.presence import Presence
from faafo.app.sampler import Sampler
from faafo.app.server import HttpServer
from faafo.app.setting_watch import SettingWatch
from faafo.core.collaborators import collaborators
from faafo.core.event_source import EventSource
from faafo.db import db, schema
from faafo.db.engine import explained
from faafo.fractal.service import Process
from faafo.retry import with_backoff

LOG = logging.getLogger(__name__)

# A quarter of the connections may be those of requests that wait or follow events.
WAITING_SHARE = 4


class ApiService:
    """The application behind an HTTP server.

    :param process: is shown in the registry of services; None: none is.
    """

    def __init__(self, conf: cfg.ConfigOpts, app: Flask, process: Process | None = None) -> None:
        self._conf = conf
        self._app = app
        self._server: HttpServer | None = None
        with app.app_context():
            self._collaborators = collaborators()
        ours = self._collaborators
        self._arrivals = (ours.arrivals, ours.deliveries, ours.locks)
        self._endings = EndingWatch(app, self._collaborators.endings)
        self._events = EventWatch(self._collaborators.streams, EventSource(app))
        self._sampler = Sampler(app)
        self._settings = SettingWatch(app)
        self._gauges = Gauges(app)
        self._presence: Presence | None = None
        if process is not None:
            self._presence = Presence(app, process, lambda: conf.service.heartbeat_interval)

    def start(self, stop: threading.Event) -> str:
        """Wait for the database, then serve; return the URL.

        :raises faafo.errors.ConfigurationError: when the port cannot be bound, the schema of the
            database is outdated, or others could reach an API without a login.
        :raises faafo.errors.DatabaseUnavailable: when ``stop`` is set before it is reachable.
        """
        conf = self._conf
        check_exposure(conf)
        with_backoff(errors.DatabaseUnavailable, stop)(prepare_database, self._app)
        self._server = HttpServer(
            self._app, conf.listen_address, conf.bind_port, conf.api.threads, self._slow_threads()
        )
        # First: whoever was refused a stream once may not ask again.
        self._start_waiting(self._server.most_connections // WAITING_SHARE)
        for one in self._arrivals:
            one.open()
        self._sampler.start()
        self._settings.start()
        self._gauges.show()
        self._server.start()
        if self._presence is not None:
            self._presence.start()
        LOG.info("the API listens on %s", self._server.url)
        return self._server.url

    def _start_waiting(self, most: int) -> None:
        """Let up to ``most`` requests wait or follow events."""
        endings, streams = self._collaborators.endings, self._collaborators.streams
        streams.open(most, lambda: len(endings))
        self._events.start()
        self._endings.start(most, lambda: len(streams))

    def _slow_threads(self) -> int:
        """Return how many slow requests there can be at a time, and one more that is refused."""
        ours = self._collaborators
        return ours.bulkheads.threads + ours.tiles.max_in_flight + 1

    def stop(self) -> None:
        """Finish open requests, stop, and close the connections to the database."""
        for one in self._arrivals:
            one.close()
        self._gauges.hide()
        self._sampler.stop()
        self._settings.stop()
        self._endings.stop()
        self._events.stop()
        if self._server is not None:
            self._server.stop()
        if self._presence is not None:
            self._presence.stop()
        # The last connection to a SQLite file to be closed moves the log of its changes into it.
        with self._app.app_context():
            db.engine.dispose()
        LOG.info("the API has stopped")


def prepare_database(app: Flask) -> None:
    """Check the version of the schema; upgrade it first if the database is SQLite.

    :raises faafo.errors.DatabaseBehind: when the schema is outdated.
    :raises faafo.errors.ConfigurationError: when a SQLite file cannot be opened or written.
    :raises faafo.errors.DatabaseUnavailable: when the database is not reachable.
    """
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        try:
            with explained(db.engine.url):
                if is_sqlite:
                    schema.upgrade(db.engine)
                schema.check(db.engine)
        except errors.DatabaseUnavailable as error:
            # A file is not away for a while, as a server may be: only its lock is.
            if is_sqlite and "locked" not in str(error):
                raise errors.ConfigurationError(str(error)) from None
            raise
