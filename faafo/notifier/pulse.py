# SPDX-License-Identifier: Apache-2.0
"""The pulse: a file that is touched while the vital threads move."""

import logging
import threading
from pathlib import Path

from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)


class Pulse:
    """Touches ``file`` for health checks; without one it only warns of threads that are stuck.

    :param interval: seconds between two touches.
    """

    def __init__(self, vital: VitalThreads, interval: float, file: str | None) -> None:
        self._vital = vital
        self._interval = interval
        self._file = Path(file) if file else None
        self._failing = False

    def run(self, stop: threading.Event) -> None:
        """Touch the file until ``stop`` is set."""
        while not stop.is_set():
            self._beat()
            stop.wait(self._interval)

    def _beat(self) -> None:
        if stuck := self._vital.stuck():
            self._warn(f"stuck thread(s): {', '.join(stuck)}")
            return
        try:
            if self._file is not None:
                self._file.touch()
        except OSError as error:
            self._warn(f"[notifier] pulse_file = {self._file}: {error.strerror or error}")
            return
        self._failing = False

    def _warn(self, problem: str) -> None:
        """Log the first of several problems in a row."""
        if not self._failing:
            LOG.warning("%s", problem)
        self._failing = True
