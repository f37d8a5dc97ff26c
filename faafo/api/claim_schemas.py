# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``claim``, validated and documented in one place."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.entries import Entry, Lenient
from faafo.api.schemas import Attempt, Duration, FractalRecord, Name, Size, Text
from faafo.fractal.task import MAX_INT32, WHOLE, Checksum, Uuid

RowsDone = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Lease = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]


class NewClaim(BaseModel):
    """How many fractals a producer claims, and for how long."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    count: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]
    lease: Lease = Field(description="seconds")


class Claimed(BaseModel):
    """The claimed fractals."""

    objects: list[FractalRecord]


class Leased(BaseModel):
    """A claimed fractal and the attempt of its lease; unknown fields are ignored."""

    uuid: Uuid
    attempt: Attempt


class Renewed(Leased):
    """A lease to renew; ``rows_done`` is the number of rows rendered so far."""

    rows_done: Lenient[RowsDone] = None


class Released(Leased):
    """A lease to release; with ``fault``, the reason why the fractal could not be rendered."""

    fault: Lenient[Text] = None


class Completed(Leased):
    """The result of a claimed fractal."""

    checksum: Checksum
    duration: Duration
    size: Size
    generated_by: Name


class ClaimUpdate(BaseModel):
    """The leases to renew, the leases to release, and the results to record, each on its own."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    lease: Lease = Field(30.0, description="seconds")
    renew: Annotated[list[Entry[Renewed]], Field(max_length=1000)] = []
    release: Annotated[list[Entry[Released]], Field(max_length=1000)] = []
    complete: Annotated[list[Entry[Completed]], Field(max_length=1000)] = []


class ClaimAnswer(BaseModel):
    """The uuids of leases that the producer does not hold, and of malformed entries."""

    lost: list[Uuid]
    problems: list[str] = Field([], description="one sentence for each malformed entry, if any")
