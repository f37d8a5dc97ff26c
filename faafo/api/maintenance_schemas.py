# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``maintenance``, validated and documented in one place."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from faafo.fractal.maintenance import LONGEST_REASON, Mode


def _as_utc(value: Any) -> Any:
    """Return a text in ISO 8601 that has a zone as the database has times."""
    try:
        moment = datetime.fromisoformat(value.upper())
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (AttributeError, ValueError, OverflowError):
        raise PydanticCustomError(
            "moment", "must be a time with a zone, such as 2026-11-29T06:00:00Z"
        ) from None


Moment = Annotated[
    datetime, BeforeValidator(_as_utc), WithJsonSchema({"type": "string", "format": "date-time"})
]
MODE = "off; read-only: users change nothing; paused: claims hand out nothing"


class NewMaintenance(BaseModel):
    """A mode of maintenance to set."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Field(description=MODE)
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)] | None = Field(
        None, description="why, for users"
    )
    until: Moment | None = Field(
        None, description="when the mode is off by itself, with a zone, in the future"
    )


class MaintenanceRecord(BaseModel):
    """The mode of maintenance."""

    mode: Mode = Field(description=MODE)
    reason: str | None = Field(description="why")
    until: str | None = Field(description="when the mode is off by itself (UTC)")
