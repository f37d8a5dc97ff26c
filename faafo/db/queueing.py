# SPDX-License-Identifier: Apache-2.0
"""The columns of what nobody holds, and of what is queued again."""

from typing import Any

from sqlalchemy import case

from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.fractal.task import Status

UNCLAIMED: dict[str, Any] = {"claimed_by": None, "lease_expires_at": None, "rows_done": None}


def requeued() -> dict[str, Any]:
    """Return the columns of fractals that can be claimed at once, and have not failed since."""
    table = Fractal.__table__.c
    # A deadline that is over would end it again, and no turn is later than the first claim.
    deadline = case((table.expires_at <= moment(), None), else_=table.expires_at)
    turn = case((table.turn_at > moment(), moment()), else_=table.turn_at)
    return {
        "status": Status.QUEUED,
        "failures": 0,
        "claimable_at": moment(),
        "expires_at": deadline,
        "turn_at": turn,
    }
