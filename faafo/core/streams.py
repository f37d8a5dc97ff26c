# SPDX-License-Identifier: Apache-2.0
"""Streams: responses that follow events, and occupy no thread.

A stream joins once the tail of this process has caught up. From then on the thread of the tail
puts there what the client wants, and our HTTP server sends it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto

from faafo.core import event_text
from faafo.core.event_tail import Row
from faafo.core.stream import Stream

# Events that are kept for clients that connect again.
KEPT = 1000
# Seconds between two looks at the database, for the events of other processes and for our own.
LOOK_SECONDS = 0.25
SOONEST_SECONDS = 0.05


class Joined(Enum):
    """Whether a stream follows: not before the tail has caught up; a BEHIND one must read first."""

    NOW = auto()
    LATER = auto()
    BEHIND = auto()


class Streams:
    """The streams of this process; thread-safe.

    Until ``open`` is called there can be none, nor after ``close``.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: set[Stream] = set()
        self._following: set[Stream] = set()
        self._recent: deque[tuple[Row, bytes]] = deque()
        # All events with greater ids that are visible are in ``_recent``.
        self._floor = 0
        self.settled = 0
        # Whether the tail has caught up.
        self.is_ready = False
        self._is_effective = False
        self._is_announced = False
        self._most = 0
        self._others: Callable[[], int] = int
        # Whether there can be any.
        self.is_open = False

    def open(self, most: int, others: Callable[[], int] = int) -> None:
        """Let there be up to ``most`` streams at the same time from now on, with ``others``."""
        with self._changed:
            self.is_open = True
            self._most = most
            self._others = others

    def close(self) -> None:
        """End all streams at once, and let there be no more."""
        with self._changed:
            self.is_open = False
            streams = list(self._all)
            self._changed.notify_all()
        for one in streams:
            one.call(finally_=True)

    def __len__(self) -> int:
        return len(self._all)

    # For a stream

    def add(self, stream: Stream) -> bool:
        """Let a stream begin; answer False if there are too many."""
        others = self._others()
        with self._changed:
            if not self.is_open or len(self) + others >= self._most:
                return False
            self._all.add(stream)
            self._changed.notify_all()
            return True

    def remove(self, stream: Stream) -> None:
        """Let a stream end."""
        with self._changed:
            self._all.discard(stream)
            self._following.discard(stream)

    def join(self, stream: Stream, after: int | None) -> Joined:
        """Have a stream follow, from the event ``after`` on or from now on.

        One that cannot follow yet is called when it can.
        """
        with self._changed:
            if not self.is_ready or stream not in self._all:
                return Joined.LATER
            if stream in self._following:
                # It was called when it had joined by itself.
                return Joined.NOW
            if after is not None and after < self._floor:
                return Joined.BEHIND
            self._following.add(stream)
            missed = [] if after is None else [one for one in self._recent if one[0].id > after]
            texts = [text for event, text in missed if stream.wants(event)]
            if self._is_effective:
                texts.append(event_text.opening(self.settled))
            # What is published next comes after it.
            stream.put(*texts)
            return Joined.NOW

    def announce(self) -> None:
        """Have the tail look at once: this process may have recorded an event."""
        if self._all:
            with self._changed:
                self._is_announced = True
                self._changed.notify_all()

    # For the tail

    def wait_for_any(self) -> bool:
        """Wait for a stream; False once this is closed."""
        with self._changed:
            self.is_ready = self._is_effective = False
            self._changed.wait_for(lambda: self._all or not self.is_open)
            return self.is_open

    def wait(self) -> bool:
        """Wait until it is time to look again; False once there is no stream, or this is closed."""
        with self._changed:
            self._changed.wait_for(self._is_over, SOONEST_SECONDS)
            self._changed.wait_for(
                lambda: self._is_over() or self._is_announced, LOOK_SECONDS - SOONEST_SECONDS
            )
            self._is_announced = False
            return not self._is_over()

    def _is_over(self) -> bool:
        return not (self._all and self.is_open)

    def forget(self, floor: int) -> None:
        """Keep no event: the tail begins anew after the event ``floor``."""
        with self._changed:
            self._recent.clear()
            self._floor = floor

    def publish(self, events: Iterable[tuple[Row, int]], settled: int) -> None:
        """Keep events with their settled ids, and put them where they are wanted."""
        fresh = [(event, event_text.of_event(event, number)) for event, number in events]
        with self._changed:
            self.settled = settled
            self._recent += fresh
            while len(self._recent) > KEPT and self._recent[0][0].id <= settled:
                self._floor = max(self._floor, self._recent.popleft()[0].id)
            following = list(self._following)
        for stream in following:
            stream.put(*(text for event, text in fresh if stream.wants(event)))

    def be_ready(self) -> None:
        """Let streams join: the tail has caught up."""
        with self._changed:
            called = [] if self.is_ready else list(self._all)
            self.is_ready = True
        for stream in called:
            stream.call()

    def be_effective(self, is_effective: bool) -> None:
        """Tell the clients from when on no change is missed."""
        with self._changed:
            is_news = is_effective and not self._is_effective
            self._is_effective = is_effective
            told = list(self._following) if is_news else []
        for stream in told:
            stream.put(event_text.opening(self.settled))

    def reset(self, reason: str) -> None:
        """Tell all that follow that changes may have been missed."""
        with self._changed:
            told = list(self._following)
        for stream in told:
            stream.put(event_text.reset(reason))

    def beat(self) -> None:
        """Send a heartbeat where nothing else has been sent for long; end streams that are old."""
        now = time.monotonic()
        with self._changed:
            old = [one for one in self._all if one.is_old(now) and not one.is_over]
            quiet = [one for one in self._all if one.is_quiet(now)]
            following = set(self._following)
        for stream in old:
            stream.call(finally_=True)
        for stream in quiet:
            stream.put(event_text.heartbeat(self.settled if stream in following else None))
