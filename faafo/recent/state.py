# SPDX-License-Identifier: Apache-2.0
"""The state of a job at one moment, and which of two states is the later one.

Events come late, twice and in any order, so a state says itself how far it is. Its ``order`` is a
string of digits of one length, and Redis keeps the state with the greatest one. The maximum of a
set depends neither on the order nor on the number of times in which its members come. What is left
to show is that ``order`` grows with each step that the database allows a job to take:

created_at
    A deleted record may be posted again under the same uuid. The clock of the database tells which
    record is the later one; its other steps begin anew.
deleted
    Nothing happens to a record after that. The state stays as a tombstone, so that a late event of
    the same record does not revive it.
attempt
    Each claim adds one, nothing else changes it.
rank
    Within an attempt: rendering, error, queued, complete. A claim begins it with rendering. A
    failure ends that with error or, like a release and an expired lease, with queued. A retry leads
    from error to queued and not back, since that takes a claim. A late result leads from queued to
    complete, and a result without a fence from any of them. After complete there is no other claim.
    Attempt 0 has only queued and complete; that of a picture with parts begins with rendering, and
    ends with error, or queued for its join.
progress
    Grows while an attempt is rendered; unknown is less than 0.
moment
    Of the event, by the clock of the database. It decides only between two states that are equal
    in all of that: a queued job that is retried, or a result that is reported again.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from faafo import errors
from faafo.fractal.events import DELETED, PARTS, RESULT, VERSION, progress_of
from faafo.fractal.task import Status, describe

RANK = {
    Status.RENDERING: 1,
    Status.ERROR: 2,
    Status.QUEUED: 3,
    Status.COMPLETE: 4,
    DELETED: 5,
}
# What a job shows of its state.
FIELDS = ("fault", *RESULT)
# Of ``order``, in digits.
LENGTH = 59
# Of which each has 20 digits, whatever the time zone in which it is written.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 12, 31, tzinfo=UTC)),
]


class JobState(BaseModel):
    """What the fields of a job are at ``moment``, by the database's clock.

    ``created_at`` and ``attempt`` are those of the record. ``progress`` is from 0 to 1.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    uuid: Annotated[str, Field(pattern="^[0-9a-f-]{36}$")]
    created_at: Moment
    project_id: str | None = None
    status: Annotated[str, Field(pattern="^(queued|rendering|complete|error|deleted)$")]
    attempt: Annotated[int, Field(strict=True, ge=0, lt=10**10)]
    progress: Annotated[float, Field(ge=0, le=1)] | None = None
    fault: str | None = None
    checksum: str | None = None
    duration: FiniteFloat | None = None
    size: int | None = None
    generated_by: str | None = None
    children: int | None = None
    open_children: int | None = None
    moment: Moment

    @classmethod
    def of_event(cls, body: Any) -> Self | None:
        """Return the state that the payload of an event tells of; None if it is about no job.

        :raises faafo.errors.InvalidMessage: when the payload is not one of version 1.
        """
        event = body if isinstance(body, dict) else {}
        if event.get("version") != VERSION:
            raise errors.InvalidMessage(f"version: must be {VERSION}, not {event.get('version')!r}")
        if not str(event.get("type")).startswith("fractal."):
            return None
        data = event.get("data")
        try:
            return cls.model_validate(
                {**(data if isinstance(data, dict) else {}), "moment": event.get("timestamp")}
            )
        except ValidationError as error:
            raise errors.InvalidMessage(describe(error)) from None

    @classmethod
    def of_record(cls, record: Mapping[str, Any], moment: datetime) -> Self:
        """Return the state of a record, given its columns, as it was read at ``moment``."""
        fields = {name: record[name] for name in ("uuid", "project_id", "status", "attempt")}
        if record["status"] == Status.COMPLETE:
            fields |= {name: record[name] for name in FIELDS}
        return cls(
            **fields | {name: record[name] for name in ("fault", *PARTS)},
            created_at=record["created_at"].replace(tzinfo=UTC),
            progress=progress_of(record),
            moment=moment.replace(tzinfo=UTC),
        )

    @property
    def order(self) -> str:
        """Digits that are greater than those of each earlier state of this job."""
        deleted = int(self.status == DELETED)
        rank = RANK[self.status]
        progress = 0
        if self.status == Status.RENDERING and self.progress is not None:
            progress = 1 + round(self.progress * 1_000_000)
        return (
            f"{_digits(self.created_at)}{deleted}{self.attempt:010d}{rank}{progress:07d}"
            f"{_digits(self.moment)}"
        )

    @property
    def document(self) -> str:
        """The fields that are stored, as JSON without those that are null."""
        fields = {"status": self.status, "project_id": self.project_id, "progress": self.progress}
        if self.status != DELETED:
            fields |= {name: getattr(self, name) for name in (*FIELDS, *PARTS)}
        known = {name: value for name, value in fields.items() if value is not None}
        # A half of a surrogate pair has no other form than its escape in ASCII.
        return json.dumps(known, separators=(",", ":"))


class Found(NamedTuple):
    """A state that was found: its fields, null ones excepted, and the seconds since it is there."""

    fields: dict[str, Any]
    age: int


def deleted(uuid: str, created_at: datetime) -> JobState:
    """Return the state of a deleted record, given when it was created (UTC)."""
    created_at = created_at.replace(tzinfo=UTC)
    return JobState(uuid=uuid, created_at=created_at, status=DELETED, attempt=0, moment=created_at)


def _digits(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")
