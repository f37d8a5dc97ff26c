# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire of the REST API, validated and documented in one place."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from faafo.api import examples
from faafo.fractal.task import (
    MAX_INT32,
    MAX_SIZE,
    WHOLE,
    Checksum,
    Coordinate,
    Count,
    FractalParameters,
    PaletteName,
    Status,
    Uuid,
)

Attempt = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(max_length=4000)]
Duration = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Size = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE), WHOLE]


class Message(BaseModel):
    """What every error answers."""

    message: str


# 400 is spelled out, since flask-openapi would otherwise document it as a list of messages.
ERRORS = {"400": Message, "4XX": Message, "503": Message}


class FractalPath(BaseModel):
    """Names one fractal."""

    uuid: UUID


class FractalList(BaseModel):
    """Which page of which fractals to return."""

    q: str | None = Field(
        None,
        description='JSON: {"filters": [{"name", "op", "val"}], "order_by": [{"field", '
        '"direction"}]}; filters nest in {"and": []} and {"or": []}',
    )
    page: int = Field(1, ge=1, le=MAX_INT32)
    results_per_page: int = Field(10, ge=1, le=MAX_INT32, description="100 at most are returned")
    marker: Uuid | None = Field(
        None,
        description="The last fractal of the page before: finds the next page of the plain "
        "list, however deep, at the cost of the first. The Link header carries it.",
    )


class NewFractal(FractalParameters):
    """A fractal to render; a uuid is made when none is given, and c is chosen."""

    model_config = ConfigDict(extra="forbid")

    uuid: Uuid | None = None


class FractalRecord(FractalParameters):
    """A fractal as the API shows it."""

    model_config = ConfigDict(
        json_schema_extra=examples.with_example(FractalParameters, examples.RECORD)
    )

    uuid: Uuid
    status: Status
    attempt: int = Field(description="counts claims; a result must name the current one")
    failures: int = Field(description="attempts that failed; too many of them end in error")
    fault: str | None
    created_at: str
    checksum: Checksum | None
    duration: float | None = Field(
        description="seconds that the worker spent on rendering, or on finding what it had rendered"
    )
    size: int | None = Field(description="bytes")
    generated_by: str | None


class FractalPage(BaseModel):
    """One page of fractals."""

    num_results: int
    objects: list[FractalRecord]
    page: int
    total_pages: int


def _fields(kind: str, *names: str) -> dict[str, Any]:
    return {name: {"type": kind} for name in names}


# What FractalUpdate checks, for the OpenAPI document.
_RESULT_OR_FAULT_OR_NOTHING: dict[str, Any] = {
    "anyOf": [
        {
            "required": ["checksum", "duration"],
            "properties": _fields("string", "checksum") | _fields("number", "duration"),
        },
        {
            "required": ["attempt", "fault"],
            "properties": _fields("string", "fault")
            | _fields("integer", "attempt")
            | _fields("null", "checksum", "duration"),
        },
        {"properties": _fields("null", "fault", "checksum", "duration", "size", "generated_by")},
    ]
}


class FractalUpdate(BaseModel):
    """The result of an attempt, or the fault it failed with.

    Every other field of the record may be sent along, as long as it says what the record says.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_RESULT_OR_FAULT_OR_NOTHING)

    attempt: Attempt | None = None
    checksum: Checksum | None = None
    duration: Duration | None = None
    size: Size | None = None
    generated_by: Name | None = None
    fault: Text | None = None

    uuid: Uuid | None = None
    width: Count | None = None
    height: Count | None = None
    iterations: Count | None = None
    xa: Coordinate | None = None
    xb: Coordinate | None = None
    ya: Coordinate | None = None
    yb: Coordinate | None = None
    cx: Coordinate | None = None
    cy: Coordinate | None = None
    palette: PaletteName | None = None
    status: Status | None = None
    failures: Attempt | None = None
    created_at: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.brings_result:
            for name in ("checksum", "duration"):
                if getattr(self, name) is None:
                    raise PydanticCustomError(
                        "incomplete",
                        "{name}: is missing; a result has checksum and duration",
                        {"name": name},
                    )
        elif self.fault is not None and self.attempt is None:
            raise PydanticCustomError(
                "incomplete", "attempt: is missing; a fault belongs to an attempt"
            )
        return self

    @property
    def brings_result(self) -> bool:
        """Whether this is about a result; a fault that comes with it is of an earlier attempt."""
        if self.checksum is not None or self.duration is not None:
            return True
        return self.fault is None and (self.size is not None or self.generated_by is not None)


class ImageAttempt(BaseModel):
    """Which attempt an image is the result of."""

    attempt: int = Field(ge=0, le=MAX_INT32)


class ImageDigest(BaseModel):
    """By what an image is known to have arrived as it was sent."""

    content_digest: str = Field(
        alias="Content-Digest", description="RFC 9530; must hold sha-256=:<base64>:"
    )


class StoredImage(BaseModel):
    """What was stored."""

    checksum: Checksum
    size: int = Field(description="bytes")
