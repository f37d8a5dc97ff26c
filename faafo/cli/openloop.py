# SPDX-License-Identifier: Apache-2.0
"""An open-loop load: fractals are posted at a rate, however long the service takes to answer."""

import queue
import threading
import time
from collections.abc import Callable

from faafo import errors
from faafo.cli.figures import Figures
from faafo.client import Client, Fractal
from faafo.client.answers import LARGEST_PAGE

# POSTs that wait for their answers at most; beyond that, arrivals wait for a thread, which counts.
MOST_THREADS = 128
# Seconds between two questions which fractals have ended: the accuracy of their times.
POLL_SECONDS = 0.05


class OpenLoop:
    """Posts ``count`` fractals at ``rate`` a second, and sees them complete.

    Its threads do not keep the process from ending, since a service may leave them without answer.

    :param post: posts a fractal and returns its record.
    :param stop: ends it.
    """

    def __init__(
        self,
        client: Client,
        post: Callable[[], Fractal],
        rate: float,
        count: int,
        figures: Figures,
        stop: threading.Event,
    ) -> None:
        self._client, self._post = client, post
        self._rate, self._count = rate, count
        self._figures, self._stop = figures, stop
        self._due: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._idle = 0
        self._answered = 0
        # When the POST of each fractal was due that has not ended yet, oldest first.
        self._unfinished: dict[str, float] = {}
        self._next_page = 0

    def start(self) -> None:
        """Begin to post."""
        self._start_thread(self._arrive, "arrivals")
        self._start_thread(self._follow, "completions")

    @property
    def has_been_answered(self) -> bool:
        """Whether all POSTs have been sent, and answered or given up."""
        return self._answered == self._count

    @property
    def unfinished(self) -> int:
        """The number of accepted fractals that have not been seen complete or in error."""
        return len(self._unfinished)

    def _start_thread(self, target: Callable[[], None], name: str) -> None:
        threading.Thread(target=target, name=name, daemon=True).start()

    def _arrive(self) -> None:
        begun_at = time.monotonic()
        for number in range(self._count):
            due_at = begun_at + number / self._rate
            if self._stop.wait(max(0.0, due_at - time.monotonic())):
                return
            self._figures.arrive()
            self._due.put(due_at)
            self._add_thread_if_needed()

    def _add_thread_if_needed(self) -> None:
        with self._lock:
            is_needed = self._due.qsize() > self._idle and self._threads < MOST_THREADS
            self._threads += is_needed
        if is_needed:
            self._start_thread(self._send, "post")

    def _send(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                self._idle += 1
            due_at = self._due.get()
            with self._lock:
                self._idle -= 1
            self._send_one(due_at)

    def _send_one(self, due_at: float) -> None:
        self._figures.send(due_at)
        try:
            fractal = self._post()
        except errors.FaafoError as error:
            self._figures.fail(f"POST {kind_of(error)}", str(error))
        else:
            self._figures.accept(due_at)
            with self._lock:
                self._unfinished[fractal.uuid] = due_at
        with self._lock:
            self._answered += 1

    def _follow(self) -> None:
        pause = POLL_SECONDS
        while not self._stop.wait(pause):
            begun_at = time.monotonic()
            try:
                self._look()
            except errors.FaafoError as error:
                self._figures.fail(f"GET {kind_of(error)}", str(error))
            # A service that is slow is asked less often: its time is for the load.
            pause = max(POLL_SECONDS, 2 * (time.monotonic() - begun_at))

    def _look(self) -> None:
        """Take note of fractals that have ended, among the oldest ones and one more page.

        The service renders the oldest ones first; a few may be stuck.
        """
        with self._lock:
            uuids = list(self._unfinished)
        pages = -(-len(uuids) // LARGEST_PAGE) or 1
        self._next_page = self._next_page % pages + 1
        start = self._next_page * LARGEST_PAGE
        asked = uuids[:LARGEST_PAGE] + uuids[start : start + LARGEST_PAGE]
        for uuid, fractal in self._client.get_all(asked, ended=True).items():
            with self._lock:
                due_at = self._unfinished.pop(uuid)
            if fractal.is_complete:
                self._figures.complete(due_at)
            else:
                self._figures.fail("fractal in error", fractal.fault or "")


def kind_of(error: errors.FaafoError) -> str:
    """Return what went wrong in one word."""
    if isinstance(error, errors.ApiRefused):
        return str(error.status)
    return error.kind if isinstance(error, errors.ApiUnavailable) else type(error).__name__
