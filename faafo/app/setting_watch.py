# SPDX-License-Identifier: Apache-2.0
"""The settings of the database, which a process of the API looks at twice a second."""

import logging
import threading

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.core.refreshed import Refreshed
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# Seconds that a look has at the end.
LEAVE_SECONDS = 0.5


class SettingWatch:
    """Looks at the settings, in a thread until it is stopped, or with requests."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopped = threading.Event()
        self._outage = Outage(LOG)
        self._thread = threading.Thread(target=self._run, name="settings", daemon=True)

    def start(self) -> None:
        """Begin to look; let requests wait for a change."""
        with self._app.app_context():
            collaborators().settings.changes.open()
        self._thread.start()

    def stop(self) -> None:
        """Have the requests answered that wait, and end, unless the database does not answer."""
        self._stopped.set()
        with self._app.app_context():
            collaborators().settings.changes.close()
        if self._thread.is_alive():
            self._thread.join(LEAVE_SECONDS)

    def look_with_requests(self) -> None:
        """Look before a request, twice a second at most: the server may fork, or have no threads.

        Call it before the first request.
        """
        looks = Refreshed(self.look, LOOK_SECONDS)
        self._app.before_request(looks.get)

    def look(self) -> None:
        """Apply settings that have changed; what cannot be read stays as it is."""
        try:
            with self._app.app_context():
                collaborators().settings.look()
            self._outage.succeeded()
        except (SQLAlchemyError, errors.FaafoError) as error:
            self._outage.failed("could not look at the settings: %s", type(error).__name__)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            # If this thread ended, no later setting would take effect.
            except Exception:
                LOG.exception("could not look at the settings")
            self._stopped.wait(LOOK_SECONDS)
