# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``claim``, validated and documented in one place."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.entries import Entry, Lenient
from faafo.api.schemas import (
    CHECKSUM,
    DURATION,
    SIZE,
    WORKER,
    Attempt,
    Duration,
    FractalRecord,
    Name,
    Size,
    Text,
)
from faafo.db.outcomes import Result
from faafo.fractal.events import RESULT
from faafo.fractal.kinds import (
    FIRST_NEEDS,
    LONGEST_SERVES,
    MOST_NEEDS,
    NEED_PATTERN,
    Need,
    in_order,
)
from faafo.fractal.lease import Lease, Token
from faafo.fractal.numbers import INTEGER_TEXT, MAX_INT32, NUMBER_TEXT, WHOLE, within
from faafo.fractal.parts import Band, FilmJoin, Join
from faafo.fractal.task import Checksum, Uuid

# Of what is told to services, to find the log lines and spans of a fractal.
REQUEST = "id of the request that has posted the fractal, for logs; absent if unknown"
TRACEPARENT = "span of that request in a trace (W3C Trace Context); absent if there is none"
PRODUCER = "name of the producer, which holds the leases"
DISABLED_WORKERS = "why workers are disabled, by their names; absent if none is"
PARAMETER_VERSION = (
    "latest version of the drawing parameters that the workers know: fractals with later ones are "
    "left to other producers"
)
PART = (
    "what is to be done of it, absent if all: the rows of a band, which is stored as a segment, "
    "the segments to be joined, or the frames of a film"
)
SERVES = (
    "what the workers serve: kinds, and render:bigmem for fractals that ask for this "
    "label; what needs another kind or label is left to other producers"
)
FIRST_SERVED = [need.as_text() for need in FIRST_NEEDS]
DisabledWorkers = dict[str, str | None]
RowsDone = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Seconds = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]


class NewClaim(BaseModel):
    """How many fractals a producer claims, and for how long."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name = Field(description=PRODUCER)
    count: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE] = Field(
        description="the largest number of fractals to claim"
    )
    lease: Seconds = Field(description="seconds until the leases expire")
    parameter_version: Annotated[int, Field(strict=True, ge=1, le=MAX_INT32), WHOLE] = Field(
        1, description=PARAMETER_VERSION
    )
    serves: Annotated[
        list[Annotated[str, Field(pattern=f"^{NEED_PATTERN}$")]],
        Field(min_length=1, max_length=MOST_NEEDS),
    ] = Field(FIRST_SERVED, description=SERVES)

    @property
    def needs(self) -> tuple[Need, ...]:
        """What is claimed, of what the workers serve."""
        return in_order(map(Need.parse, self.serves))


class Wait(BaseModel):
    """How long to wait for a fractal."""

    model_config = ConfigDict(extra="forbid")

    wait: Annotated[float, NUMBER_TEXT, Field(ge=0, le=30, allow_inf_nan=False)] = Field(
        0.0, description="seconds until the answer, if there is no fractal earlier"
    )
    parameter_version: Annotated[
        int, Field(ge=1, le=MAX_INT32), INTEGER_TEXT, within("an integer", 1, MAX_INT32)
    ] = Field(1, description=PARAMETER_VERSION)
    serves: str = Field(
        ",".join(FIRST_SERVED),
        max_length=LONGEST_SERVES,
        pattern=f"^{NEED_PATTERN}(,{NEED_PATTERN})*$",
        description=f"{SERVES}; separated by commas",
    )

    @property
    def needs(self) -> tuple[Need, ...]:
        """What is waited for, of what the workers serve."""
        return in_order(map(Need.parse, self.serves.split(",")))


class Claimable(BaseModel):
    """Whether there is a fractal to claim."""

    claimable: bool = Field(description="whether there is one")


class ClaimedFractal(FractalRecord):
    """The record of a claimed fractal, the token of its lease, and what finds its log lines."""

    token: Token = Field(description="the fencing token: whatever is said of this lease names it")
    request_id: str | None = Field(None, description=REQUEST)
    traceparent: str | None = Field(None, description=TRACEPARENT)
    part: Band | Join | FilmJoin | None = Field(None, description=PART)


class Claimed(BaseModel):
    """The claimed fractals."""

    objects: list[ClaimedFractal] = Field(description="the records, the first to be rendered first")
    disabled_workers: DisabledWorkers = Field({}, description=DISABLED_WORKERS)


class Leased(BaseModel):
    """A claimed fractal, and attempt and token of its lease; unknown fields are ignored.

    Without the token, as a producer of a release before 1.0 sends it, the attempt alone identifies
    the lease.
    """

    uuid: Uuid = Field(description="uuid of the fractal")
    attempt: Attempt = Field(description="number of the claim, from its record")
    token: Token | None = Field(None, description="the fencing token of its lease")

    @property
    def lease(self) -> Lease:
        """The lease."""
        return Lease(self.uuid, self.attempt, self.token)


class Renewed(Leased):
    """A lease to renew."""

    rows_done: Lenient[RowsDone] = Field(None, description="number of rows rendered so far")


class Released(Leased):
    """A lease to release."""

    fault: Lenient[Text] = Field(None, description="why the fractal could not be rendered")


class Completed(Leased):
    """The result of a claimed fractal."""

    checksum: Checksum = Field(description=CHECKSUM)
    duration: Duration = Field(description=DURATION)
    size: Size = Field(description=SIZE)
    generated_by: Name = Field(description=WORKER)
    image_token: Token | None = Field(
        None,
        description="the token under which the worker has stored the image: that of the lease, or "
        "of an earlier one on the same record; null for a worker of a release before 1.0",
    )

    @property
    def result(self) -> Result:
        """The result."""
        values = self.model_dump(include=set(RESULT))
        return Result(self.lease, values, self.image_token)


class ClaimUpdate(BaseModel):
    """The leases to renew, the leases to release, and the results to record, each on its own."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name = Field(description=PRODUCER)
    lease: Seconds = Field(30.0, description="seconds until renewed leases expire")
    renew: list[Entry[Renewed]] = Field([], max_length=1000, description="leases to renew")
    release: list[Entry[Released]] = Field([], max_length=1000, description="leases to release")
    complete: list[Entry[Completed]] = Field([], max_length=1000, description="results")


class ClaimAnswer(BaseModel):
    """What became of the entries of an update."""

    lost: list[Uuid] = Field(
        description="uuids of leases that the producer does not hold, and of malformed entries"
    )
    problems: list[str] = Field([], description="one sentence for each malformed entry, if any")
    disabled_workers: DisabledWorkers = Field({}, description=DISABLED_WORKERS)
