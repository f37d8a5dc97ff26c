# SPDX-License-Identifier: Apache-2.0
"""The thread that keeps the row of an API in the registry of services."""

import logging
import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo.app.request_log import ANSWERED
from faafo.core.collaborators import collaborators
from faafo.db import db, services
from faafo.db.services import Heartbeat
from faafo.fractal.service import Process
from faafo.outage import Outage
from faafo.pause import pause

LOG = logging.getLogger(__name__)

# Seconds that the removal of the row may take at the end.
LEAVE_SECONDS = 1.0


class Presence:
    """Stores a heartbeat of ``process`` until it is stopped; then the row is removed.

    :param interval: returns the seconds between two heartbeats.
    """

    def __init__(self, app: Flask, process: Process, interval: Callable[[], float]) -> None:
        self._app = app
        self._process = process
        self._interval = interval
        self._stopped = threading.Event()
        self._outage = Outage(LOG)
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Remove the row, unless the database does not answer in time."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._do(self.beat)
            pause(self._stopped, self._interval)
        self._do(self._leave)

    def _do(self, act: Callable[[], None]) -> None:
        """Act, and log the first of several failures in a row: requests are not disturbed."""
        try:
            with self._app.app_context():
                act()
            self._outage.succeeded()
        except SQLAlchemyError as error:
            self._outage.failed("could not store a heartbeat: %s", type(error).__name__)

    def beat(self) -> None:
        """Store a heartbeat now, inside of an application context."""
        report = {"done": self._app.extensions[ANSWERED].done}
        members = self._process.members() | {"kind": self._process.kind, "report": report}
        collaborators().registry.store([Heartbeat(**members)])

    def _leave(self) -> None:
        services.remove(db.session, self._process.id, self._process.instance_id)
