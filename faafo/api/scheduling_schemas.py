# SPDX-License-Identifier: Apache-2.0
"""When and where a fractal is rendered, as fields of requests and of records."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from faafo.api.moments import Moment
from faafo.fractal import kinds, scheduling
from faafo.fractal.kinds import Label, TaskKind
from faafo.fractal.numbers import WHOLE, within
from faafo.fractal.scheduling import EXPIRES_AT, HIGHEST, LONGEST_DELAY_DAYS, LOWEST, NOT_BEFORE

Priority = Annotated[
    int,
    Field(strict=True, ge=LOWEST, le=HIGHEST),
    WHOLE,
    within("an integer", LOWEST, HIGHEST),
]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _text(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}Z"


def _is_near(moment: datetime | None) -> datetime | None:
    latest = _now() + timedelta(days=LONGEST_DELAY_DAYS)
    if moment is not None and moment > latest:
        raise PydanticCustomError(
            "too_late",
            "must be within {days} days, by {latest}",
            {"days": LONGEST_DELAY_DAYS, "latest": _text(latest)},
        )
    return moment


def _is_later(moment: datetime | None, info: ValidationInfo) -> datetime | None:
    """Require a deadline that can be kept."""
    if moment is None:
        return None
    earliest, what = max(
        (_now(), "now"), (info.data.get("not_before") or datetime.min, "not_before")
    )
    if moment <= earliest:
        raise PydanticCustomError(
            "too_early",
            "must be later than {what}, {earliest}",
            {"what": what, "earliest": _text(earliest)},
        )
    return moment


class NewSchedule(BaseModel):
    """When a fractal that is posted is rendered, and by which workers."""

    priority: Priority = Field(0, description=scheduling.PRIORITY)
    not_before: Annotated[Moment | None, AfterValidator(_is_near)] = Field(
        None, description=NOT_BEFORE
    )
    expires_at: Annotated[Moment | None, AfterValidator(_is_later)] = Field(
        None, description=EXPIRES_AT
    )
    label: Label = Field(None, description=kinds.LABEL)


class ScheduleRecord(BaseModel):
    """When a fractal is rendered, and by which workers."""

    priority: int = Field(description=scheduling.PRIORITY)
    not_before: str | None = Field(description=NOT_BEFORE)
    expires_at: str | None = Field(description=EXPIRES_AT)
    kind: TaskKind = Field(description=kinds.KIND)
    label: str | None = Field(description=kinds.LABEL)


SCHEDULE: set[str] = set(NewSchedule.model_fields)


def schedule_of(body: NewSchedule) -> dict[str, Any]:
    """Return the fields of a schedule, times in UTC without a zone."""
    return body.model_dump(include=SCHEDULE)
