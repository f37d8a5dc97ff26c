# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the REST API, validated and documented in one place."""

from typing import Annotated, Any, Self
from uuid import UUID

from flask_openapi.types import ResponseDict
from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from faafo.api import examples
from faafo.core.access import Range
from faafo.fractal.lease import Token
from faafo.fractal.task import (
    INTEGER_TEXT,
    MAX_INT32,
    MAX_SIZE,
    WHOLE,
    AnyChecksum,
    Checksum,
    Coordinate,
    Count,
    FractalParameters,
    PaletteName,
    Status,
    Uuid,
)

# The fields of a result that are columns of the record.
RESULT = ("checksum", "duration", "size", "generated_by")

Attempt = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(max_length=4000)]
Duration = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Size = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE), WHOLE]


class Message(BaseModel):
    """The body of every error."""

    message: str


# Without 400, flask-openapi documents it as a list of messages.
ERRORS: ResponseDict = {"400": Message, "4XX": Message, "503": Message}


class FractalPath(BaseModel):
    """The uuid of a fractal."""

    uuid: UUID


class FractalList(BaseModel):
    """The filters, the order and the page of a list."""

    q: str | None = Field(
        None,
        description='JSON: {"filters": [{"name", "op", "val"}], "order_by": [{"field", '
        '"direction"}]}; filters nest in {"and": []} and {"or": []}',
    )
    page: Annotated[int, INTEGER_TEXT] = Field(1, ge=1, le=MAX_INT32)
    results_per_page: Annotated[int, INTEGER_TEXT] = Field(
        10, ge=1, le=MAX_INT32, description="at most 100 are returned"
    )
    marker: Uuid | None = Field(
        None,
        description="The uuid of the last fractal on the previous page: every page costs as "
        "much as the first. The Link header has it. Not together with order_by.",
    )
    scope: Range = Field(
        Range.PROJECT,
        description="Whose fractals: those of the caller's project, those that any project "
        "shares, or those of all projects, which administrators may see. Without a login the "
        "first is all.",
    )


class NewFractal(FractalParameters):
    """A fractal to render; the API generates a uuid and chooses c when they are not given."""

    model_config = ConfigDict(extra="forbid")

    uuid: Uuid | None = None
    shared: bool = Field(False, strict=True, description="whether all projects may see it")


class Sharing(BaseModel):
    """Whether all projects may see a fractal."""

    model_config = ConfigDict(extra="forbid")

    shared: Annotated[bool, Field(strict=True)]


class NewFractals(RootModel[list[NewFractal]]):
    """Fractals to render; all of them are queued, or none."""

    root: Annotated[list[NewFractal], Field(min_length=1, max_length=1000)]


class FractalRecord(FractalParameters):
    """The record of a fractal."""

    model_config = ConfigDict(
        json_schema_extra=examples.with_example(FractalParameters, examples.RECORD)
    )

    uuid: Uuid
    status: Status
    attempt: int = Field(description="number of the last claim; a result must name it")
    failures: int = Field(description="failed attempts; status error after [api] max_attempts")
    fault: str | None
    created_at: str
    checksum: AnyChecksum | None = Field(
        description="SHA-256 of the image; other than 64 digits from clients that name no attempt"
    )
    duration: float | None = Field(
        description="seconds that the worker spent on rendering, or on finding a stored image"
    )
    size: int | None = Field(description="bytes")
    generated_by: str | None
    project_id: str | None = Field(description="whose it is; null: posted without a login")
    user_id: str | None = Field(description="who posted it")
    shared: bool = Field(description="whether all projects may see it")


class FractalRecords(BaseModel):
    """The records of fractals that were posted together, in the order of the request."""

    objects: list[FractalRecord]


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

    Other fields of the record are accepted if their values are unchanged.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_RESULT_OR_FAULT_OR_NOTHING)

    attempt: Attempt | None = None
    token: Token | None = None
    image_token: Token | None = None
    checksum: AnyChecksum | None = None
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
    project_id: str | None = None
    user_id: str | None = None
    shared: bool | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.has_result:
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
    def has_result(self) -> bool:
        """Whether this is a result; a fault beside it belongs to an earlier attempt."""
        if self.checksum is not None or self.duration is not None:
            return True
        return self.fault is None and (self.size is not None or self.generated_by is not None)


class ImageAttempt(BaseModel):
    """The attempt that an image is the result of, and the token of its lease."""

    attempt: Annotated[int, Field(ge=0, le=MAX_INT32), INTEGER_TEXT]
    token: Token | None = None


class ImageDigest(BaseModel):
    """The digest that an upload is verified with."""

    content_digest: str = Field(
        alias="Content-Digest", description="RFC 9530; must contain sha-256=:<base64>:"
    )


class StoredImage(BaseModel):
    """Checksum and size of a stored image."""

    checksum: Checksum
    size: int = Field(description="bytes")
