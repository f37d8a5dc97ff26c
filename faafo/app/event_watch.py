# SPDX-License-Identifier: Apache-2.0
"""The thread that reads new events for all streams of this process; idle while there is none."""

import logging
import threading
import time

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

from faafo.core.collaborators import collaborators
from faafo.core.event_tail import Source, Tail
from faafo.core.streams import KEPT, Streams
from faafo.db.subscriptions import EFFECTIVE_SECONDS

LOG = logging.getLogger(__name__)

SUBSCRIBED_SECONDS = 300.0
RENEWED_SECONDS = 60.0
# By so much the clock of the database may be set, which says nothing about a subscription.
DRIFT_SECONDS = 30.0
UNCHANGING = {"GET", "HEAD", "OPTIONS"}
LAPSED = "the subscription to events has lapsed: changes may not have been recorded"


def register(app: Flask) -> None:
    """Have the tail look as soon as this process may have recorded events."""
    app.after_request(_announce)


def _announce(response: Response) -> Response:
    if request.method not in UNCHANGING:
        collaborators().streams.announce()
    return response


class EventWatch:
    """Subscribes to events and reads them while there are streams."""

    def __init__(self, streams: Streams, source: Source) -> None:
        self._streams = streams
        self._source = source
        self._tail = Tail(source)
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End all streams, and the thread."""
        self._streams.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._streams.wait_for_any():
            Following(self._streams, self._source, self._tail).run()


class Following:
    """The time in which there are streams."""

    def __init__(self, streams: Streams, source: Source, tail: Tail) -> None:
        self._streams = streams
        self._source = source
        self._tail = tail
        self._is_prepared = False
        self._renew_at = 0.0
        # When the subscription of all processes has begun, by our monotonic clock.
        self._since: float | None = None

    def run(self) -> None:
        """Look again and again until there is no stream."""
        while True:
            try:
                self._look()
            except SQLAlchemyError as error:
                LOG.warning("could not read events for streams: %s", type(error).__name__)
            self._streams.beat()
            if not self._streams.wait():
                return

    def _look(self) -> None:
        now = time.monotonic()
        if now >= self._renew_at:
            self._subscribe(now)
            self._source.purge()
        if not self._is_prepared:
            if self._tail.catch_up(KEPT):
                self._streams.forget(self._tail.settled)
            self._is_prepared = True
        self._streams.publish(self._tail.look(), self._tail.settled)
        while self._tail.has_more:
            self._streams.publish(self._tail.look(), self._tail.settled)
        self._streams.be_ready()
        since = now if self._since is None else self._since
        self._streams.be_effective(now >= since + EFFECTIVE_SECONDS)

    def _subscribe(self, now: float) -> None:
        since = now - self._source.subscribe(SUBSCRIBED_SECONDS)
        self._renew_at = now + RENEWED_SECONDS
        if self._since is not None and since > self._since + DRIFT_SECONDS:
            self._streams.be_effective(False)
            self._streams.reset(LAPSED)
        self._since = since
