# SPDX-License-Identifier: Apache-2.0
"""Requests and responses about the results of attempts: updates of records, and images."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from faafo.api.scheduling_schemas import Priority
from faafo.api.schemas import (
    CHECKSUM,
    DURATION,
    SIZE,
    WORKER,
    Attempt,
    Duration,
    Name,
    Size,
    Text,
)
from faafo.fractal.drawing import (
    ColouringName,
    Density,
    FormulaName,
    Offset,
    PaletteName,
    Rgb,
    Samples,
)
from faafo.fractal.film import Film
from faafo.fractal.lease import Token
from faafo.fractal.numbers import INTEGER_TEXT, MAX_INT32
from faafo.fractal.task import AnyChecksum, Checksum, Coordinate, Count, Status, Uuid


def _fields(kind: str, *names: str) -> dict[str, Any]:
    return {name: {"type": kind} for name in names}


# A whole SHA-256: clients that name no attempt send shorter checksums.
DIGEST = "^[0-9a-fA-F]{64}$"
# What FractalUpdate and api/report.py check, for the OpenAPI document.
_RESULT_OR_FAULT_OR_NOTHING: dict[str, Any] = {
    "anyOf": [
        {
            "required": ["checksum", "duration"],
            "properties": _fields("string", "checksum")
            | _fields("number", "duration")
            | _fields("null", "attempt"),
        },
        {
            "required": ["attempt", "checksum", "duration"],
            "properties": {"checksum": {"type": "string", "pattern": DIGEST}}
            | _fields("number", "duration")
            | _fields("integer", "attempt"),
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

UNCHANGED: Any = Field(None, description="as in the record: it cannot be changed here")


class FractalUpdate(BaseModel):
    """The result of an attempt, or the fault it failed with.

    Other fields of the record are accepted if their values are unchanged.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_RESULT_OR_FAULT_OR_NOTHING)

    attempt: Attempt | None = Field(None, description="number of the claim, from its record")
    token: Token | None = Field(None, description="the fencing token of its lease")
    image_token: Token | None = Field(
        None, description="the token under which the image was sent or stored"
    )
    checksum: AnyChecksum | None = Field(None, description=CHECKSUM)
    duration: Duration | None = Field(None, description=DURATION)
    size: Size | None = Field(None, description=SIZE)
    generated_by: Name | None = Field(None, description=WORKER)
    fault: Text | None = Field(None, description="why the attempt failed")

    uuid: Uuid | None = UNCHANGED
    width: Count | None = UNCHANGED
    height: Count | None = UNCHANGED
    iterations: Count | None = UNCHANGED
    xa: Coordinate | None = UNCHANGED
    xb: Coordinate | None = UNCHANGED
    ya: Coordinate | None = UNCHANGED
    yb: Coordinate | None = UNCHANGED
    cx: Coordinate | None = UNCHANGED
    cy: Coordinate | None = UNCHANGED
    palette: PaletteName | None = UNCHANGED
    formula: FormulaName | None = UNCHANGED
    colouring: ColouringName | None = UNCHANGED
    samples: Samples | None = UNCHANGED
    offset: Offset | None = UNCHANGED
    density: Density | None = UNCHANGED
    inside: Rgb = UNCHANGED
    status: Status | None = UNCHANGED
    failures: Attempt | None = UNCHANGED
    created_at: str | None = UNCHANGED
    project_id: str | None = UNCHANGED
    user_id: str | None = UNCHANGED
    shared: bool | None = UNCHANGED
    priority: Priority | None = UNCHANGED
    not_before: str | None = UNCHANGED
    expires_at: str | None = UNCHANGED
    kind: str | None = UNCHANGED
    label: str | None = UNCHANGED
    parent: Uuid | None = UNCHANGED
    first_row: Attempt | None = UNCHANGED
    band_rows: Attempt | None = UNCHANGED
    frame: Attempt | None = UNCHANGED
    film: Film | None = UNCHANGED
    children: Attempt | None = UNCHANGED
    open_children: Attempt | None = UNCHANGED

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

    attempt: Annotated[int, INTEGER_TEXT] = Field(
        ge=0, le=MAX_INT32, description="number of the claim, from its record"
    )
    token: Token | None = Field(None, description="the fencing token of its lease")


class ImageDigest(BaseModel):
    """The digest that an upload is verified with."""

    content_digest: str = Field(
        alias="Content-Digest", description="RFC 9530; must contain sha-256=:<base64>:"
    )


class StoredImage(BaseModel):
    """Checksum and size of a stored image."""

    checksum: Checksum = Field(description=CHECKSUM)
    size: int = Field(description=SIZE)
