# SPDX-License-Identifier: Apache-2.0
"""The console of faafo-all: its address, the progress of the start, a summary every minute.

The address goes to standard output, for scripts; all else goes to standard error.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable

from faafo import errors
from faafo.app.activity import Activity

LOG = logging.getLogger(__name__)

# Seconds after which a start that is not finished is worth a line; with a compiled kernel it takes
# less than the first of them.
PROGRESS_SECONDS = (2, 5, 10, 20, 40)
SUMMARY_SECONDS = 60
STARTING = (
    "The worker is starting. At the first start it compiles its kernel, which takes about 15 s."
)


class Console:
    """Prints progress in a thread until ``stop`` is set; nothing if ``is_quiet``.

    ``ready`` is to be set once the worker takes tasks, or has ended.
    """

    def __init__(
        self, activity: Callable[[], Activity], stop: threading.Event, is_quiet: bool = False
    ) -> None:
        self._activity = activity
        self._stop = stop
        self._is_quiet = is_quiet
        self.ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, address: str) -> None:
        """Print ``address``, and begin to print progress."""
        if self._is_quiet:
            return
        print(f"faafo is at {address}", flush=True)
        self._thread = threading.Thread(target=self._follow, args=(address,), name="console")
        self._thread.start()

    def join(self) -> None:
        """Wait for the last line; ``stop`` and ``ready`` have been set."""
        if self._thread is not None:
            self._thread.join()

    def notice(self) -> str | None:
        """Return a sentence for the gallery while the worker is not ready, then None."""
        return None if self.ready.is_set() else STARTING

    def _follow(self, address: str) -> None:
        self._follow_start(address)
        while not self._stop.wait(SUMMARY_SECONDS):
            self._summarize(address)

    def _follow_start(self, address: str) -> None:
        began_at = time.monotonic()
        for seconds in PROGRESS_SECONDS:
            if self.ready.wait(began_at + seconds - time.monotonic()) or self._stop.is_set():
                break
            first = seconds == PROGRESS_SECONDS[0]
            _print(STARTING if first else f"The worker is still starting, after {seconds} s.")
        self.ready.wait()
        if not self._stop.is_set():
            _print(f"Ready: {address}")

    def _summarize(self, address: str) -> None:
        try:
            activity = self._activity()
        except (errors.DatabaseUnavailable, errors.Overloaded) as error:
            LOG.warning("no summary: %s", error)
            return
        _print(
            f"{activity.completed_lately} fractal(s) complete in the last minute, "
            f"{activity.queued} queued, {activity.in_error} in error: {address}"
        )


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
