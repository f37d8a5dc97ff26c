# SPDX-License-Identifier: Apache-2.0
"""The thread that looks for the end of fractals that other processes render or record."""

import logging
import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from faafo.core.endings import Endings
from faafo.db import db
from faafo.db.endings import unfinished

LOG = logging.getLogger(__name__)


class EndingWatch:
    """Calls the requests whose fractals have ended; idle while no request waits."""

    def __init__(self, app: Flask, endings: Endings) -> None:
        self._app = app
        self._endings = endings
        self._thread = threading.Thread(target=self._run, name="endings", daemon=True)

    def start(self, most: int, others: Callable[[], int] = int) -> None:
        """Let up to ``most`` requests wait, with ``others``, and begin to look."""
        self._endings.open(most, others)
        self._thread.start()

    def stop(self) -> None:
        """Have the requests answered that wait, and end."""
        self._endings.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (uuids := self._endings.wait()) is not None:
            try:
                with self._app.app_context():
                    ended = set(uuids) - unfinished(db.session, uuids)
            except SQLAlchemyError as error:
                LOG.warning("could not look for the end of fractals: %s", type(error).__name__)
                continue
            self._endings.announce(ended)
