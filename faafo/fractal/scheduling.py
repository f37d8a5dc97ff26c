# SPDX-License-Identifier: Apache-2.0
"""When a fractal is rendered: bounds of its priority, and the moment that gives its turn."""

from datetime import datetime, timedelta

LOWEST, HIGHEST = -10, 10
# Days that ``not_before`` may be ahead.
LONGEST_DELAY_DAYS = 366
# Seconds of waiting that are worth as much as one step of priority, unless that is configured.
AGEING = 600.0

# Descriptions of the fields of a record.
PRIORITY = "which of the fractals of a project are rendered first: the higher ones"
NOT_BEFORE = "when it may be rendered at the earliest (UTC); null: at once"
EXPIRES_AT = "it ends in error if its render has not begun by then (UTC); null: it waits"


def head_start(priority: int, ageing: float) -> float:
    """Return the seconds by which a fractal's turn is earlier than the moment it can be claimed.

    The one with the earliest turn is claimed first. A step of priority is worth ``ageing`` seconds,
    so what waits is passed only by what comes less than that for each step later. No turn is later
    than that moment: whatever can be claimed has a turn in the past.
    """
    return (priority - LOWEST) * ageing


def turn_of(claimable_at: datetime, priority: int, ageing: float) -> datetime:
    """Return the turn of a fractal that can be claimed from ``claimable_at`` on."""
    return claimable_at - timedelta(seconds=head_start(priority, ageing))
