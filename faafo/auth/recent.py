# SPDX-License-Identifier: Apache-2.0
"""Tokens that were validated, or refused, a few seconds ago."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from faafo.auth.identity import Identity

# A token that is revoked meanwhile is refused that many seconds later.
VALID_SECONDS = 5.0
INVALID_SECONDS = 10.0
# Of each kind: invalid ones, of which a client may send any number, do not push out valid ones.
MOST = 1000


@dataclass(frozen=True)
class Entry:
    """Whose token it is, None if it is not valid, and until when that is remembered."""

    identity: Identity | None
    until: float


class Recent:
    """Remembers up to MOST valid and as many invalid tokens, by their digests; thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[bool, OrderedDict[bytes, Entry]] = {
            True: OrderedDict(),
            False: OrderedDict(),
        }

    def get(self, token: str) -> Entry | None:
        """Return what is remembered of ``token``."""
        key = _digest(token)
        for entries in self._entries.values():
            entry = entries.get(key)
            if entry is not None and self._clock() < entry.until:
                return entry
        return None

    def was_valid(self, token: str) -> bool:
        """Tell whether ``token`` is remembered as valid, however long ago that was."""
        return _digest(token) in self._entries[True]

    def add(self, token: str, identity: Identity | None) -> None:
        """Remember whose ``token`` this is; None: it is not valid."""
        is_valid = identity is not None
        until = self._clock() + (VALID_SECONDS if is_valid else INVALID_SECONDS)
        entries, key = self._entries[is_valid], _digest(token)
        with self._lock:
            for either in self._entries.values():
                either.pop(key, None)
            entries[key] = Entry(identity, until)
            while len(entries) > MOST:
                entries.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
