# SPDX-License-Identifier: Apache-2.0
"""The life of the API: reach the database, check its schema, serve."""

import logging
import threading

from flask import Flask
from oslo_config import cfg

from faafo import errors
from faafo.app.server import HttpServer
from faafo.db import db, schema
from faafo.db.engine import explained
from faafo.retry import patiently

LOG = logging.getLogger(__name__)


class ApiService:
    """The application behind an HTTP server."""

    def __init__(self, conf: cfg.ConfigOpts, app: Flask) -> None:
        self._conf = conf
        self._app = app
        self._server: HttpServer | None = None

    def start(self, stop: threading.Event) -> str:
        """Serve as soon as the database can be reached; return the URL.

        :raises faafo.errors.ConfigurationError: when the port cannot be had, or the database
            is behind.
        :raises faafo.errors.DatabaseUnavailable: when ``stop`` was set in the meantime.
        """
        patiently(errors.DatabaseUnavailable, stop)(prepare_database, self._app)
        conf = self._conf
        self._server = HttpServer(self._app, conf.listen_address, conf.bind_port, conf.api.threads)
        self._server.start()
        LOG.info("the API listens on %s", self._server.url)
        return self._server.url

    def stop(self) -> None:
        """Answer what has been asked, then stop."""
        if self._server is not None:
            self._server.stop()
        LOG.info("the API has stopped")


def prepare_database(app: Flask) -> None:
    """Make sure that the schema is ours; an embedded database is brought up to date.

    :raises faafo.errors.DatabaseBehind: when another database is behind.
    :raises faafo.errors.DatabaseUnavailable: when it cannot be reached.
    """
    with app.app_context(), explained(db.engine.url):
        if db.engine.dialect.name == "sqlite":
            schema.upgrade(db.engine)
        schema.check(db.engine)
