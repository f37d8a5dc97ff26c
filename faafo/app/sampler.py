# SPDX-License-Identifier: Apache-2.0
"""The thread that stores a sample of the load once a minute."""

import logging
import threading

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import children, db, samples
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

# Seconds between two looks whether the minute has a sample.
LOOK_SECONDS = 10.0
# Seconds that a sample which is being taken has at the end.
LEAVE_SECONDS = 0.5


class Sampler:
    """Samples the load until it is stopped; of several APIs the first one stores a minute's."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopped = threading.Event()
        self._outage = Outage(LOG)
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """End, unless the database does not answer in time."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.sample()
            self._stopped.wait(LOOK_SECONDS)

    def sample(self) -> None:
        """Store a sample if the present minute has none."""
        try:
            with self._app.app_context():
                if samples.is_due(db.session):
                    counts = collaborators().counts.of().by_status(db.session())
                    samples.record(db.session, children.with_parts(db.session(), counts))
            self._outage.succeeded()
        except SQLAlchemyError as error:
            self._outage.failed("could not sample the load: %s", type(error).__name__)
        except errors.Overloaded as error:
            # The fractals are being counted for the first time.
            LOG.debug("could not sample the load: %s", error)
