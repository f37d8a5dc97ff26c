# SPDX-License-Identifier: Apache-2.0
"""Reads events as they become visible, which is not always in the order of their ids."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

# A transaction that has taken an id, and has not been committed after these seconds, is given up.
GAP_SECONDS = 10.0
# The number of ids that are missing at a time; the smallest ones of more are given up at once.
MOST_MISSING = 1000
# Events that are read at a time.
PAGE = 500


class Row(Protocol):
    """An event of the database; ``body`` is its payload, a JSON text."""

    id: int
    uuid: str
    type: str
    fractal_uuid: str | None
    project_id: str | None
    shared: bool
    body: str


class Source(Protocol):
    """Where events are read, and wanted."""

    def latest_id(self) -> int:
        """Return the greatest id of an event; 0 if there is none."""
        ...

    def after(self, last_id: int, limit: int) -> Sequence[Row]:
        """Return up to ``limit`` events with greater ids, by id."""
        ...

    def with_ids(self, ids: Iterable[int]) -> Sequence[Row]:
        """Return those events, by id."""
        ...

    def subscribe(self, seconds: float) -> float:
        """Have events recorded for ``seconds``; return for how long they have been so far."""
        ...

    def purge(self) -> None:
        """Delete events that are kept no longer."""
        ...

    def lost_since(self, last_id: int) -> str | None:
        """Return why events after this one may be missing; None if they are all there."""
        ...


class Tail:
    """Reads each new event once.

    An id that is passed over may become visible later: its transaction is not committed yet. It is
    looked for until it has been missing for GAP_SECONDS.
    """

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._newest = 0
        self._has_begun = False
        self.has_more = False
        # The ids that are missing, in their order, with the time when they were noticed.
        self._missing: dict[int, float] = {}

    @property
    def settled(self) -> int:
        """The greatest id up to which no event is missing any more."""
        return next(iter(self._missing), self._newest + 1) - 1

    def catch_up(self, most: int) -> bool:
        """Prepare to read what is new; return False to go on where reading has ended.

        Otherwise about ``most`` of the events that are there will be read again.
        """
        latest = self._source.latest_id()
        if self._has_begun and 0 <= latest - self._newest <= most:
            return False
        self._missing.clear()
        self._newest, self._has_begun = max(0, latest - most), False
        return True

    def look(self) -> list[tuple[Row, int]]:
        """Return events that have become visible, each with the id that is settled with it.

        There may be more when ``has_more`` is set afterwards.
        """
        late = self._source.with_ids(list(self._missing)) if self._missing else []
        fresh = self._source.after(self._newest, PAGE)
        # Nothing fails from here on: what is passed is returned.
        self.has_more = len(fresh) == PAGE
        found = [(row, self._fill(row.id)) for row in late]
        found += [(row, self._pass(row.id)) for row in fresh]
        self._give_up()
        return found

    def _fill(self, number: int) -> int:
        """Remember that an event is not missing any more; return the settled id."""
        del self._missing[number]
        return self.settled

    def _pass(self, number: int) -> int:
        """Go on to the event of that id; return the settled id."""
        # What was deleted before the first event is not missing.
        if self._has_begun:
            first = max(self._newest + 1, number - MOST_MISSING)
            self._missing |= dict.fromkeys(range(first, number), self._clock())
        self._newest, self._has_begun = number, True
        return self.settled

    def _give_up(self) -> None:
        oldest = self._clock() - GAP_SECONDS
        given_up = [number for number, since in self._missing.items() if since <= oldest]
        given_up += list(self._missing)[len(given_up) : len(self._missing) - MOST_MISSING]
        for number in given_up:
            del self._missing[number]
