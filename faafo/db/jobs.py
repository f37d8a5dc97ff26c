# SPDX-License-Identifier: Apache-2.0
"""The state of a job: what changes of a fractal while it is rendered, in one cheap query."""

from sqlalchemy import RowMapping

from faafo.db import Session, fractals
from faafo.db.clock import moment

COLUMNS = (
    *("uuid", "created_at", "status", "attempt", "fault", "rows_done", "height"),
    *("project_id", "shared", "checksum", "duration", "size", "generated_by"),
)
STATE = fractals.columns_of(COLUMNS).add_columns(moment().label("moment"))


def state(session: Session, uuid: str) -> RowMapping:
    """Return those columns of the fractal with that uuid, and the ``moment`` of the database.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    return fractals.row(session, STATE, uuid)
