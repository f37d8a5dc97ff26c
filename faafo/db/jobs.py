# SPDX-License-Identifier: Apache-2.0
"""The state of a job: what changes of a fractal while it is rendered, in one cheap query."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, func, or_, select

from faafo.db import Session, fractals
from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.fractal.events import PARTS

COLUMNS = (
    *("uuid", "created_at", "status", "attempt", "fault", "rows_done", "height"),
    *("project_id", "shared", "checksum", "duration", "size", "generated_by", *PARTS),
)
CHANGED = select(*(Fractal.__table__.c[name] for name in COLUMNS), moment().label("moment"))
STATE = fractals.columns_of((*COLUMNS, "parent", "band_rows")).add_columns(moment().label("moment"))


def state(session: Session, uuid: str) -> RowMapping:
    """Return those columns of the fractal with that uuid, and the ``moment`` of the database.

    Of a part, ``parent`` and ``band_rows`` are not None.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    return fractals.row(session, STATE, uuid)


def span(session: Session) -> tuple[int, int]:
    """Return the smallest and the greatest id of all fractals; 1 and 0 if there are none."""
    first, last = session.execute(select(func.min(Fractal.id), func.max(Fractal.id))).one()
    return (1, 0) if first is None else (first, last)


def changed(session: Session, first: int, last: int, seconds: float) -> Sequence[RowMapping]:
    """Return the same columns of fractals with ids from ``first`` to ``last``.

    Only of those that were posted, claimed, queued or completed in the latest ``seconds``, and of
    no parts.
    """
    since = moment(-seconds)
    query = CHANGED.where(
        Fractal.id.between(first, last),
        Fractal.parent.is_(None),
        or_(
            Fractal.created_at > since,
            Fractal.claimed_at > since,
            Fractal.claimable_at > since,
            Fractal.completed_at > since,
        ),
    )
    return session.execute(query).mappings().all()
