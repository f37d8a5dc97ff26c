# SPDX-License-Identifier: Apache-2.0
"""The call of the public client that follows what happens to fractals."""

import json
import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from faafo import errors
from faafo.client.event_stream import Message, messages
from faafo.client.results import Event
from faafo.client.session import Session

LOG = logging.getLogger(__name__)

PATH = "/api/event"
# Pauses before the client connects again, in seconds, each plus up to FIRST_PAUSE at random.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
# Events that the stream may send again after a new connection.
REMEMBERED = 10_000
# Of the stream itself.
OPEN, RESET = "open", "reset"
# The service has no streams: it would answer so for ever.
NEVER = "501"


def _nothing(*_: object) -> None:
    """Do nothing."""


class EventCalls:
    """Base class of ``Client``."""

    _session: Session

    def follow(
        self,
        *,
        scope: str | None = None,
        fractal: str | None = None,
        types: Iterable[str] = (),
        last_event_id: int | None = None,
        on_open: Callable[[], object] = _nothing,
        on_reset: Callable[[str], object] = _nothing,
    ) -> Iterator[Event]:
        """Yield what happens to fractals, without end, each event once.

        When the connection is lost, or the service is unavailable for a while, the client connects
        again and goes on after the last event. To show a list that is always up to date, read it
        whenever ``on_open`` is called, and change it by the events.

        :param scope: ``project``, ``shared`` or ``all_projects``; the caller's project by default.
        :param fractal: only of the fractal with this uuid.
        :param types: only of these types, such as ``fractal.complete``; all by default.
        :param last_event_id: begin after the event with this ``id``.
        :param on_open: is called when no change is missed from then on.
        :param on_reset: is called with a reason when changes may have been missed.
        :raises faafo.errors.ApiUnavailable: when the service cannot be reached in the beginning.
        """
        wanted = {"scope": scope, "fractal": fractal, "types": ",".join(types)}
        following = _Following(self._session, {name: one for name, one in wanted.items() if one})
        following.position = None if last_event_id is None else str(last_event_id)
        return following.events({OPEN: lambda _: on_open(), RESET: on_reset})


class _Following:
    """Where a client is in the stream."""

    def __init__(self, session: Session, parameters: dict[str, str]) -> None:
        self.position: str | None = None
        self._session = session
        self._parameters = parameters
        # In the order in which they have come.
        self._known: dict[str, None] = {}
        self._has_begun = False
        self._pause = FIRST_PAUSE

    def events(self, calls: dict[str, Callable[[str], object]]) -> Iterator[Event]:
        never = threading.Event()
        while True:
            try:
                for message in self._connection():
                    document = self._document(message)
                    if message.type in calls:
                        calls[message.type](str(document.get("reason", "")))
                    elif document and self._is_new(document):
                        yield self._session.parse(Event, {"id": self.position, **document})
            except errors.ApiUnavailable as error:
                if not self._has_begun or error.kind == NEVER:
                    raise
                LOG.warning("%s; connecting again", error)
            never.wait(self._pause + random.uniform(0, FIRST_PAUSE))
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)

    def _connection(self) -> Iterator[Message]:
        """Yield what one connection brings, as long as it lasts."""
        sent = {} if self.position is None else {"Last-Event-ID": self.position}
        with closing(self._session.lines(PATH, self._parameters, sent)) as lines:
            for message in messages(lines):
                self._has_begun, self._pause = True, FIRST_PAUSE
                self.position = message.id or self.position
                yield message

    def _is_new(self, document: dict[str, Any]) -> bool:
        uuid = str(document.get("event"))
        if uuid in self._known:
            return False
        self._known[uuid] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return True

    def _document(self, message: Message) -> dict[str, Any]:
        """Return the data of a message; empty without any."""
        if message.data is None:
            return {}
        try:
            found = json.loads(message.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            text = f"{self._session.shown_url}: the event {message.type!r:.60} is none of faafo"
            raise errors.ApiUnavailable(text, "answer")
        return found
