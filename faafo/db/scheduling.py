# SPDX-License-Identifier: Apache-2.0
"""The schedule of a fractal that is posted: when and by which workers it is rendered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from faafo.fractal.scheduling import AGEING, turn_of


@dataclass(frozen=True)
class Schedule:
    """When a fractal is rendered; times are UTC without a zone.

    :param label: of the workers that it is given to; None: all.
    :param ageing: seconds of waiting that are worth one step of priority.
    """

    priority: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    label: str | None = None
    ageing: float = AGEING

    def columns(self) -> dict[str, Any]:
        """Return the columns that do not depend on when it is posted."""
        return {
            "priority": self.priority,
            "not_before": self.not_before,
            "expires_at": self.expires_at,
            "label": self.label,
        }

    def times(self, now: datetime) -> dict[str, datetime]:
        """Return the columns that depend on when it is posted: ``now``."""
        claimable_at = now if self.not_before is None else max(now, self.not_before)
        turn_at = turn_of(claimable_at, self.priority, self.ageing)
        return {"claimable_at": claimable_at, "turn_at": turn_at}

    @property
    def is_later(self) -> bool:
        """Whether the fractal has to wait before it can be claimed, by the clock of this host."""
        now = datetime.now(UTC).replace(tzinfo=None)
        return self.not_before is not None and self.not_before > now


AT_ONCE = Schedule()
