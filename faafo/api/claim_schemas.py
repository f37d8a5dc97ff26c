# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of the noun ``claim``: leases taken, renewed, released and completed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.entries import Entry, Ornament
from faafo.api.schemas import Attempt, Duration, FractalRecord, Name, Size, Text
from faafo.fractal.task import MAX_INT32, WHOLE, Checksum, Uuid

RowsDone = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Lease = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]


class NewClaim(BaseModel):
    """A producer's wish for fractals to render."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    count: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]
    lease: Lease = Field(description="seconds")


class Claimed(BaseModel):
    """What was claimed."""

    objects: list[FractalRecord]


class Leased(BaseModel):
    """A claimed fractal, and the attempt it was claimed for. Fields unknown here are ignored."""

    uuid: Uuid
    attempt: Attempt


class Renewed(Leased):
    """A claimed fractal to keep; ``rows_done`` says how much of it has been rendered."""

    rows_done: Ornament[RowsDone] = None


class Released(Leased):
    """A claimed fractal to give back; ``fault`` says what keeps it from being rendered for now."""

    fault: Ornament[Text] = None


class Completed(Leased):
    """A claimed fractal that has been rendered, and its result."""

    checksum: Checksum
    duration: Duration
    size: Size
    generated_by: Name


class ClaimUpdate(BaseModel):
    """Which leases to renew, which fractals to give back, which are complete: each by itself."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    lease: Lease = Field(30.0, description="seconds")
    renew: Annotated[list[Entry[Renewed]], Field(max_length=1000)] = []
    release: Annotated[list[Entry[Released]], Field(max_length=1000)] = []
    complete: Annotated[list[Entry[Completed]], Field(max_length=1000)] = []


class ClaimAnswer(BaseModel):
    """The uuids whose leases the producer does not hold, or named by a malformed entry."""

    lost: list[Uuid]
    problems: list[str] = Field([], description="one sentence for each malformed entry, if any")
