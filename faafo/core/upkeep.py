# SPDX-License-Identifier: Apache-2.0
"""What maintenance means for requests: which are refused, and what visitors are told."""

import logging
import math

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from faafo import errors
from faafo.core.refreshed import Refreshed
from faafo.db import db, maintenance
from faafo.fractal.events import as_text
from faafo.fractal.maintenance import OFF, Maintenance, Mode

LOG = logging.getLogger(__name__)

# Bounds of Retry-After, in seconds; the second one without an end, too.
LONGEST_RETRY = 3600
USUAL_RETRY = 60
# What goes on while a site is read-only, apart from requests that only read: by blueprint, and by
# endpoint.
GOES_ON = frozenset(
    {"claim", "delivery", "lock", "login", "maintenance", "service", "setting", "token"}
)
REPORTS = frozenset({"fractal.patch_fractal", "fractal.put_fractal", "fractal.put_image"})
OPERATION = frozenset({"system.post_maintenance", "system.post_service"})
# Joined once: every change asks.
ENDPOINTS_THAT_GO_ON = REPORTS | OPERATION


class Upkeep:
    """The mode of maintenance as a process of the API knows it: at most a second old."""

    def __init__(self) -> None:
        self._mode = Refreshed(_read)
        self._last = OFF

    def get(self) -> Maintenance:
        """Return the mode."""
        self._last = self._mode.get()
        return self._last

    def forget(self) -> None:
        """Read the mode anew when it is asked for next: this process has changed it."""
        self._mode.forget()

    @property
    def is_paused(self) -> bool:
        """Whether claims are to hand out nothing."""
        return self.get().mode is Mode.PAUSED

    def sentence(self) -> str | None:
        """Return what visitors are told, None when nothing is.

        While the database does not answer, it is what was known last.
        """
        try:
            return self.get().sentence
        except SQLAlchemyError as error:
            LOG.warning("the mode of maintenance is not known: %s", type(error).__name__)
            return self.known_sentence

    @property
    def known_sentence(self) -> str | None:
        """What visitors were told last; needs no database."""
        return self._last.sentence

    def refuse_change(self, blueprint: str | None, endpoint: str | None) -> None:
        """Refuse a request to change something while the site is read-only.

        :raises faafo.errors.ReadOnly: when it is, and ``endpoint`` is none of those that go on.
        """
        # An address without an endpoint is answered with 404 or 405.
        if endpoint is None or blueprint in GOES_ON or endpoint in ENDPOINTS_THAT_GO_ON:
            return
        state = self.get()
        if state.mode is Mode.READ_ONLY:
            raise errors.ReadOnly(f"{state.sentence}; try again later", _retry_after(state))


def as_record(state: Maintenance) -> dict[str, str | None]:
    """Return the mode as JSON shows it."""
    until = None if state.until is None else as_text(state.until)
    return {"mode": state.mode, "reason": state.reason, "until": until}


def _read() -> Maintenance:
    # Not in the session of the request, whose objects a page may be showing.
    with Session(db.engine) as session:
        return maintenance.get(session)


def _retry_after(state: Maintenance) -> int:
    if state.seconds is None:
        return USUAL_RETRY
    return max(1, min(LONGEST_RETRY, math.ceil(state.seconds)))
