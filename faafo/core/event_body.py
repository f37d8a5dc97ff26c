# SPDX-License-Identifier: Apache-2.0
"""The body of a stream: first what the client has missed, from the database; then it follows."""

import logging
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from faafo.core import event_text
from faafo.core.event_tail import Source
from faafo.core.parked import Parked
from faafo.core.stream import Stream
from faafo.core.streams import Joined, Streams

LOG = logging.getLogger(__name__)

# Events that are read at a time for one client.
PAGE = 100


class EventBody:
    """An iterator that raises ``Parked`` whenever the response needs no thread.

    :param last_id: of the event up to which the client has all, or None.
    """

    def __init__(
        self, stream: Stream, streams: Streams, source: Source, last_id: int | None
    ) -> None:
        self._stream = stream
        self._streams = streams
        self._source = source
        self._after = last_id
        self._has_begun = False
        self._is_checked = last_id is None
        self._is_others_turn = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            return event_text.RETRY
        if self._stream.is_over:
            raise StopIteration
        if self._is_others_turn:
            # Another request gets the thread before the next page is read.
            self._is_others_turn = False
            self._stream.call()
            raise Parked(self._stream)
        self._stream.renew()
        try:
            return self._next()
        except SQLAlchemyError as error:
            # The client connects again.
            LOG.warning("a stream ends: %s", type(error).__name__)
            raise StopIteration from None

    def close(self) -> None:
        """End the stream."""
        self._streams.remove(self._stream)

    def _next(self) -> bytes:
        if not self._streams.is_ready:
            raise Parked(self._stream)
        if not self._is_checked:
            self._is_checked = True
            if reason := self._source.lost_since(self._after or 0):
                self._after = None
                return event_text.reset(reason)
        if self._streams.join(self._stream, self._after) is not Joined.BEHIND:
            raise Parked(self._stream)
        self._is_others_turn = True
        return self._missed(self._after or 0)

    def _missed(self, after: int) -> bytes:
        """Return the next events that the client has missed."""
        settled = self._streams.settled
        rows = [one for one in self._source.after(after, PAGE) if one.id <= settled]
        self._after = rows[-1].id if len(rows) == PAGE else settled
        wanted = [one for one in rows if self._stream.wants(one)]
        return b"".join(event_text.of_event(one, one.id) for one in wanted)
