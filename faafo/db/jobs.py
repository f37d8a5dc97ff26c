# SPDX-License-Identifier: Apache-2.0
"""The state of a job: what changes of a fractal while it is rendered, in one cheap query."""

from sqlalchemy import RowMapping, bindparam, select

from faafo import errors
from faafo.db import Session
from faafo.db.models import Fractal

COLUMNS = (
    *("uuid", "status", "fault", "rows_done", "height", "project_id", "shared"),
    *("checksum", "duration", "size", "generated_by"),
)
# Built once: building a statement takes as long as executing it.
STATE = select(*(Fractal.__table__.c[name] for name in COLUMNS)).where(
    Fractal.__table__.c.uuid == bindparam("wanted")
)


def state(session: Session, uuid: str) -> RowMapping:
    """Return the columns of the fractal with that uuid.

    :raises faafo.errors.FractalNotFound: when there is none.
    """
    row = session.execute(STATE, {"wanted": uuid}).mappings().one_or_none()
    if row is None:
        raise errors.FractalNotFound(f"there is no fractal {uuid}")
    return row
