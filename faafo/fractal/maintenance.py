# SPDX-License-Identifier: Apache-2.0
"""Maintenance: what a site does not do for a while, and what is said about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_REASON = 255


class Mode(StrEnum):
    """What a site does not do: nothing, changes by users, or renders."""

    OFF = "off"
    READ_ONLY = "read-only"
    PAUSED = "paused"


SENTENCES = {
    Mode.READ_ONLY: "This service is read-only",
    Mode.PAUSED: "Rendering is paused",
}


@dataclass(frozen=True)
class Maintenance:
    """The mode, why, and when it ends by itself, in UTC.

    ``seconds`` are those until then, when it was read; None without an end.
    """

    mode: Mode = Mode.OFF
    reason: str | None = None
    until: datetime | None = None
    seconds: float | None = None

    @property
    def sentence(self) -> str | None:
        """What users are told; None when the mode is off."""
        if self.mode is Mode.OFF:
            return None
        end = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{SENTENCES[self.mode]}{end}{reason}"


OFF = Maintenance()
