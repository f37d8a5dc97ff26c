# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``claim``, validated and documented in one place."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.entries import Entry, Lenient
from faafo.api.schemas import RESULT, Attempt, Duration, FractalRecord, Name, Size, Text
from faafo.db.outcomes import Result
from faafo.fractal.lease import Lease, Token
from faafo.fractal.task import MAX_INT32, NUMBER_TEXT, WHOLE, Checksum, Uuid

RowsDone = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Seconds = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]


class NewClaim(BaseModel):
    """How many fractals a producer claims, and for how long."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    count: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]
    lease: Seconds = Field(description="seconds")


class Wait(BaseModel):
    """How long to wait for a fractal."""

    model_config = ConfigDict(extra="forbid")

    wait: Annotated[float, NUMBER_TEXT, Field(ge=0, le=30, allow_inf_nan=False)] = Field(
        0.0, description="seconds"
    )


class Claimable(BaseModel):
    """Whether there is a fractal to claim."""

    claimable: bool


class ClaimedFractal(FractalRecord):
    """The record of a claimed fractal, and the token of its lease."""

    token: Token = Field(description="the fencing token: whatever is said of this lease names it")


class Claimed(BaseModel):
    """The claimed fractals."""

    objects: list[ClaimedFractal]


class Leased(BaseModel):
    """A claimed fractal, and attempt and token of its lease; unknown fields are ignored.

    Without the token, as a producer of a release before 1.1 sends it, the attempt alone identifies
    the lease.
    """

    uuid: Uuid
    attempt: Attempt
    token: Token | None = None

    @property
    def lease(self) -> Lease:
        """The lease."""
        return Lease(self.uuid, self.attempt, self.token)


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
    image_token: Token | None = Field(
        None,
        description="the token under which the worker has stored the image: that of the lease, or "
        "of an earlier one on the same record; null for a worker of a release before 1.1",
    )

    @property
    def result(self) -> Result:
        """The result."""
        values = self.model_dump(include=set(RESULT))
        return Result(self.lease, values, self.image_token)


class ClaimUpdate(BaseModel):
    """The leases to renew, the leases to release, and the results to record, each on its own."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name
    lease: Seconds = Field(30.0, description="seconds")
    renew: Annotated[list[Entry[Renewed]], Field(max_length=1000)] = []
    release: Annotated[list[Entry[Released]], Field(max_length=1000)] = []
    complete: Annotated[list[Entry[Completed]], Field(max_length=1000)] = []


class ClaimAnswer(BaseModel):
    """The uuids of leases that the producer does not hold, and of malformed entries."""

    lost: list[Uuid]
    problems: list[str] = Field([], description="one sentence for each malformed entry, if any")
