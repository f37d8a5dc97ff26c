# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``maintenance``, validated and documented in one place."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.moments import Moment
from faafo.fractal.maintenance import LONGEST_REASON, Mode

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
