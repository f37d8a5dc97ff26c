# SPDX-License-Identifier: Apache-2.0
"""The events of the database, for streams: each call has a session of its own."""

from collections.abc import Iterable, Sequence

from flask import Flask

from faafo.core.collaborators import collaborators
from faafo.core.event_tail import Row
from faafo.db import db, delivery_log, events, subscriptions


class EventSource:
    """Reads the events of an application's database, and has them recorded."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def latest_id(self) -> int:
        """Return the greatest id of an event; 0 if there is none."""
        with self._app.app_context():
            return events.latest_id(db.session)

    def after(self, last_id: int, limit: int) -> Sequence[Row]:
        """Return up to ``limit`` events with greater ids, by id."""
        with self._app.app_context():
            return events.after(db.session, last_id, limit)

    def with_ids(self, ids: Iterable[int]) -> Sequence[Row]:
        """Return those events, by id."""
        with self._app.app_context():
            return events.with_ids(db.session, ids)

    def subscribe(self, seconds: float) -> float:
        """Have events recorded for ``seconds``; return for how long they have been so far."""
        with self._app.app_context():
            subscriptions.subscribe(db.session, subscriptions.STREAM, seconds)
            return subscriptions.age(db.session, subscriptions.STREAM)

    def purge(self) -> None:
        """Delete events that are kept no longer: there may be no notifier, whose claims do so."""
        with self._app.app_context():
            receivers = collaborators().receivers
            if receivers.purges.lets("events"):
                delivery_log.purge(db.session, receivers.retention)

    def lost_since(self, last_id: int) -> str | None:
        """Return why events after this one may be missing; None if they are all there."""
        with self._app.app_context():
            return events.lost_since(db.session, last_id)
