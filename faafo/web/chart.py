# SPDX-License-Identifier: Apache-2.0
"""The chart of the last hour: an SVG drawing, and what it shows in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from faafo.db.operation_models import Sample

# The size of the drawing in its own units; the page scales it.
WIDTH = 600
HEIGHT = 120
# The share of a minute that its bar is wide.
BAR = 0.7


@dataclass(frozen=True)
class Bar:
    """The rectangle of a minute."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """How many fractals were completed in each minute, and how many were queued.

    ``bars`` are those completed. ``lines`` are the corners of the queue's lines, a line for each
    time without a gap. Each scale begins at 0 and ends at the maximum.
    """

    bars: tuple[Bar, ...]
    lines: tuple[str, ...]
    completed: int
    most_completed: int
    most_queued: int

    @property
    def described(self) -> str:
        """What it shows, as a sentence."""
        return (
            f"In the last hour {self.completed:,} fractals were completed, up to "
            f"{self.most_completed:,} a minute, and up to {self.most_queued:,} were queued."
        )


def chart_of(hour: Sequence[Sample | None]) -> Chart:
    """Return the chart of one sample a minute, the oldest first; None for one without."""
    known = [one for one in hour if one is not None]
    most_completed = max((one.completed for one in known), default=0)
    most_queued = max((one.queued for one in known), default=0)
    minute = WIDTH / max(1, len(hour))
    bars = tuple(
        Bar(
            round(minute * (number + (1 - BAR) / 2), 1),
            _height(one.completed, most_completed),
            round(minute * BAR, 1),
            round(HEIGHT - _height(one.completed, most_completed), 1),
        )
        for number, one in enumerate(hour)
        if one is not None and one.completed
    )
    lines = tuple(_lines(hour, minute, most_queued))
    return Chart(bars, lines, sum(one.completed for one in known), most_completed, most_queued)


def _lines(hour: Sequence[Sample | None], minute: float, most: int) -> Iterator[str]:
    for is_known, group in groupby(enumerate(hour), lambda pair: pair[1] is not None):
        if is_known:
            yield " ".join(
                f"{minute * (number + 0.5):.1f},{_height(one.queued, most)}"
                for number, one in group
                if one is not None
            )


def _height(value: int, most: int) -> float:
    """Return the distance of a value from the upper edge."""
    return round(HEIGHT * (1 - value / most), 1) if most else float(HEIGHT)
