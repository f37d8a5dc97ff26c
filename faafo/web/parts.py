# SPDX-License-Identifier: Apache-2.0
"""The parts of a poster or a film as its page shows them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row

from faafo.db import children, db
from faafo.db.models import Fractal
from faafo.fractal.task import Status

# Those that need attention first.
ORDER = (Status.ERROR, Status.RENDERING, Status.QUEUED, Status.COMPLETE)
MOST_SHOWN = 100


@dataclass(frozen=True)
class Parts:
    """Parts of a picture: how many there are by status in words, and some of them."""

    total: int
    summary: str
    shown: Sequence[Row]
    # Whether some are queued.
    wait: bool

    @property
    def more(self) -> int:
        """The number of those that are not shown."""
        return self.total - len(self.shown)


def parts_of(fractal: Fractal) -> Parts | None:
    """Return the parts of a fractal; None if it is rendered as a whole."""
    if not fractal.children:
        return None
    listed = children.of(db.session, fractal.uuid)
    counts = Counter(one.status for one in listed)
    summary = ", ".join(f"{counts[status]:,} {status}" for status in ORDER if counts[status])
    places = {str(status): place for place, status in enumerate(ORDER)}
    first = sorted(listed, key=lambda one: places[one.status])[:MOST_SHOWN]
    order = {one.uuid: place for place, one in enumerate(listed)}
    waits = counts[Status.QUEUED] > 0
    return Parts(len(listed), summary, sorted(first, key=lambda one: order[one.uuid]), waits)
