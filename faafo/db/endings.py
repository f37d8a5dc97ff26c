# SPDX-License-Identifier: Apache-2.0
"""Which of some fractals have not ended."""

from collections.abc import Collection

from sqlalchemy import select

from faafo.db import Session
from faafo.db.models import Fractal
from faafo.fractal.task import UNFINISHED

# Uuids in one query.
MOST = 500


def unfinished(session: Session, uuids: Collection[str]) -> set[str]:
    """Return those of ``uuids`` whose fractals are neither complete, nor in error, nor deleted."""
    listed = list(uuids)
    found: set[str] = set()
    for start in range(0, len(listed), MOST):
        query = select(Fractal.uuid).where(Fractal.uuid.in_(listed[start : start + MOST]))
        found |= set(session.scalars(query.where(Fractal.status.in_(UNFINISHED))))
    return found
