# SPDX-License-Identifier: Apache-2.0
"""What fractals of the gallery must have in common: palette, worker, days, beginning of the uuid.

Each filter has an index; ``gallery`` tells MariaDB which ones to choose from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, false, select
from sqlalchemy.sql import ColumnElement

from faafo.db import Session
from faafo.db.models import Fractal
from faafo.db.text import exact

# Ids grow with time, but the INSERTs of different connections may pass each other: by fewer ids.
MARGIN = 1000
# Follows all characters of a uuid.
END = "g"


@dataclass(frozen=True)
class Filter:
    """Conditions that a fractal must meet; None is no condition.

    :param worker: that has rendered it.
    :param since: the first day on which it may have been posted (UTC); ``until``: the last one.
    :param uuid: what its uuid begins with, in lower case.
    """

    palette: str | None = None
    worker: str | None = None
    since: date | None = None
    until: date | None = None
    uuid: str | None = None

    @property
    def indexes(self) -> list[str]:
        """The names of the indexes that begin with a column that has one value here."""
        names = {
            "ix_fractal_palette_status": self.palette,
            "ix_fractal_generated_by_status": self.worker,
        }
        return [name for name, value in names.items() if value is not None]


NO_FILTER = Filter()


def conditions(session: Session, wanted: Filter) -> list[ColumnElement[bool]]:
    """Return the conditions of ``wanted``; looks up the ids of the first and the last day."""
    return [*_equal(wanted), *_within(session, wanted)]


def _equal(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.palette is not None:
        yield Fractal.palette == wanted.palette
    if wanted.worker is not None:
        # The collation finds candidates by the index, the exact text decides.
        yield Fractal.generated_by == wanted.worker
        yield exact(Fractal.generated_by) == wanted.worker
    if wanted.uuid is not None:
        yield Fractal.uuid >= wanted.uuid
        yield Fractal.uuid < wanted.uuid + END


def _within(session: Session, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of the days, and those of the ids that follow from them.

    The gallery is sorted by id: a database that only knows the days would look at every fractal
    that is newer than they are.
    """
    if wanted.since is not None:
        is_in = Fractal.created_at >= datetime.combine(wanted.since, time())
        first = session.scalar(_id_where(is_in).order_by(Fractal.created_at))
        yield is_in
        yield false() if first is None else Fractal.id >= first - MARGIN
    # The day after the last one that has a name is no day.
    if wanted.until is not None and wanted.until < date.max:
        is_in = Fractal.created_at < datetime.combine(wanted.until + timedelta(days=1), time())
        last = session.scalar(_id_where(is_in).order_by(Fractal.created_at.desc()))
        yield is_in
        yield false() if last is None else Fractal.id <= last + MARGIN


def _id_where(condition: ColumnElement[bool]) -> Select[int]:
    return select(Fractal.id).where(condition).limit(1)
