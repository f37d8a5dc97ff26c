# SPDX-License-Identifier: Apache-2.0
"""Settings as a process of the API follows them, and the requests that wait for a change."""

import threading
from typing import Protocol

from faafo import errors
from faafo.core.arrivals import Arrivals
from faafo.db import db
from faafo.db import settings as stored
from faafo.fractal import settings

# Requests that wait for a change at the same time, each in a thread; others are answered at once.
MOST_WAITING = 4


class Live(settings.Live, Protocol):
    """The configuration of the process, which also checks settings."""

    def check_setting(self, name: str, text: str) -> None:
        """Check a setting; raises ``faafo.errors.InvalidSetting``."""
        ...


class FollowedSettings:
    """The settings that this process follows once ``follow`` is called; thread-safe.

    ``changes`` is announced when another version is known.
    """

    def __init__(self) -> None:
        self._live: Live | None = None
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self.changes = Arrivals()

    def follow(self, live: Live) -> None:
        """Have ``live`` follow the settings."""
        self._live = live

    @property
    def version(self) -> int:
        """The number of changes that this process knows of."""
        return 0 if self._live is None else self._live.settings.version

    def check(self, name: str, value: str) -> None:
        """Check what is to be a setting.

        :raises faafo.errors.InvalidSetting: when it is invalid; names option, value and bound.
        """
        if self._live is None:
            raise errors.InvalidSetting("name: this process follows no settings")
        self._live.check_setting(name, value)

    def look(self) -> None:
        """Apply the settings in the database, if another process or this one has changed them."""
        if self._live is None or stored.version(db.session) == self.version:
            return
        version, found = stored.everything(db.session)
        values = {one.name: one.value for one in found}
        db.session.rollback()
        self._live.apply_settings(version, values)
        self.changes.announce()

    def wait(self, after: int, seconds: float) -> None:
        """Return once the number of changes is not ``after``, within ``seconds`` or earlier."""
        if not self._places.acquire(blocking=False):
            return
        try:
            self.changes.wait(seconds, lambda: self.version != after)
        finally:
            self._places.release()
