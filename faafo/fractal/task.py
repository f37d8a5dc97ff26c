# SPDX-License-Identifier: Apache-2.0
"""The models of a task and its result: fields, bounds and units."""

import uuid as uuidlib
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal.drawing import Drawing
from faafo.fractal.kinds import TaskKind
from faafo.fractal.lease import Token
from faafo.fractal.numbers import MAX_INT32, MAX_SIZE, WHOLE, within
from faafo.fractal.parts import Band, FilmJoin, Join

# Every point with |z| > 2 escapes at once, so a distant window shows nothing; this bound keeps the
# arithmetic of the kernel from overflow.
MAX_COORDINATE = 1e6


def _canonical_uuid(value: str) -> str:
    lowered = value.lower()
    try:
        if str(uuidlib.UUID(lowered)) == lowered:
            return lowered
    except ValueError:
        pass
    raise PydanticCustomError("uuid", "must be a UUID such as 12345678-9abc-4def-8123-456789abcdef")


Uuid = Annotated[
    str, AfterValidator(_canonical_uuid), WithJsonSchema({"type": "string", "format": "uuid"})
]
Count = Annotated[
    int, Field(strict=True, ge=1, le=MAX_INT32), WHOLE, within("an integer", 1, MAX_INT32)
]
Coordinate = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, ge=-MAX_COORDINATE, le=MAX_COORDINATE),
    within("a finite number", -MAX_COORDINATE, MAX_COORDINATE),
]
# Of a SHA-256 in hexadecimal; clients of the original faafo store shorter checksums.
CHECKSUM_DIGITS = 64
# Stands for a value that no message shows.
SECRET = "***"
Checksum = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
# Clients of the original faafo send none of our digests.
AnyChecksum = Annotated[
    str, Field(pattern="^[0-9a-fA-F]{1,64}$"), AfterValidator(lambda value: value.lower())
]


class Status(StrEnum):
    """The status of a fractal: queued -> rendering -> complete, or -> error."""

    QUEUED = "queued"
    RENDERING = "rendering"
    COMPLETE = "complete"
    ERROR = "error"


UNFINISHED = (Status.QUEUED, Status.RENDERING)
# Nothing more happens to a fractal of these by itself.
ENDED = (Status.COMPLETE, Status.ERROR)


def is_quarantined(failures: int) -> bool:
    """Return whether a fractal with this number of failures may be what kills its workers.

    One failure may be bad luck, or the fault of another fractal that the same worker rendered at
    the time. After the second one, a worker renders the fractal with nothing beside it: if the
    worker dies, no other fractal fails, and a fractal that is not the cause completes.
    """
    return failures >= 2


_C_IS_WHOLE_OR_ABSENT: dict[str, Any] = {
    "anyOf": [
        {
            "required": ["cx", "cy"],
            "properties": {"cx": {"type": "number"}, "cy": {"type": "number"}},
        },
        {"properties": {"cx": {"type": "null"}, "cy": {"type": "null"}}},
    ]
}


class Canvas(BaseModel):
    """The size of a picture, its iterations, and its window of the complex plane.

    Of the sides of the window either may be the larger one.
    """

    model_config = ConfigDict(frozen=True)

    width: Count = Field(description="width of the picture, in pixels")
    height: Count = Field(description="height of the picture, in pixels")
    iterations: Count = Field(description="steps after which a point that stays counts as inside")
    xa: Coordinate = Field(description="real part of the left column, in the complex plane")
    xb: Coordinate = Field(description="real part of the right column, in the complex plane")
    ya: Coordinate = Field(description="imaginary part of the top row, in the complex plane")
    yb: Coordinate = Field(description="imaginary part of the bottom row, in the complex plane")


class JuliaSet(Canvas):
    """The Julia set to render. Without ``cx`` and ``cy`` the uuid seeds c."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_C_IS_WHOLE_OR_ABSENT)

    cx: Coordinate | None = Field(None, description="real part of the constant c; with cy")
    cy: Coordinate | None = Field(None, description="imaginary part of the constant c; with cx")

    @model_validator(mode="after")
    def _c_is_whole_or_absent(self) -> Self:
        if (self.cx is None) != (self.cy is None):
            raise PydanticCustomError(
                "incomplete", "cx and cy must be given together or not at all"
            )
        return self


class FractalParameters(Drawing, JuliaSet):
    """All that the picture of a fractal depends on.

    Only without c the uuid matters, too.
    """


class FractalTask(FractalParameters):
    """One fractal to render: its parameters, its uuid, and which part is to be done, if not all.

    The parameters are those of the whole picture.
    """

    uuid: Uuid
    part: Band | Join | FilmJoin | None = None

    @model_validator(mode="after")
    def _part_is_inside(self) -> Self:
        part = self.part
        if isinstance(part, Band):
            is_inside = part.first_row + part.rows <= self.height
        elif isinstance(part, Join):
            is_inside = sum(one.rows for one in part.segments) == self.height
        else:
            is_inside = True
        if not is_inside:
            raise PydanticCustomError("incomplete", "part: must fit the height of the picture")
        return self

    @model_serializer(mode="wrap")
    def _without_no_part(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a part that is none: earlier releases do not know the field."""
        values: dict[str, Any] = serialize(self)
        if self.part is None:
            values.pop("part", None)
        return values

    @property
    def kind(self) -> TaskKind:
        """What is to be done."""
        if isinstance(self.part, FilmJoin):
            return TaskKind.FILM
        return TaskKind.JOIN if isinstance(self.part, Join) else TaskKind.RENDER

    @property
    def band(self) -> Band:
        """The rows to render: all, unless it is a band."""
        if isinstance(self.part, Band):
            return self.part
        return Band(first_row=0, rows=self.height)


class FractalResult(BaseModel):
    """A worker's result: the description of an image that it has stored.

    ``duration`` is the seconds spent on the escape counts and the image, or on finding an image
    that an earlier attempt has stored, ``checksum`` the SHA-256 of the PNG file in hexadecimal,
    ``size`` its length in bytes, ``generated_by`` the worker's name, ``image_token`` the token
    under which the image is stored, None when the call named none.
    """

    model_config = ConfigDict(frozen=True)

    uuid: Uuid
    checksum: Checksum
    duration: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    size: Annotated[int, Field(strict=True, ge=1, le=MAX_SIZE)]
    generated_by: Annotated[str, Field(min_length=1, max_length=255)]
    image_token: Token | None = None


MOST_PROBLEMS = 30
PARAMETERS = tuple(FractalParameters.model_fields)


def _is_secret(field: str) -> bool:
    return field.endswith(("password", "secret"))


def describe(error: ValidationError) -> str:
    """Return one line that names each invalid field, its bounds, and its value.

    Of more than MOST_PROBLEMS fields it names the first ones and the number of the others.
    """
    found = problems(error)
    parts = [sentence for _field, sentence in found[:MOST_PROBLEMS]]
    if len(found) > MOST_PROBLEMS:
        parts.append(f"and {len(found) - MOST_PROBLEMS} more problems")
    return "; ".join(parts)


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return each invalid field, and what is wrong with it, which names the field."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: Any) -> tuple[str, str]:
    field = _cut(".".join(str(part) for part in detail["loc"])) or "the body"
    if detail["type"] == "missing":
        return field, f"{field}: is missing"
    if detail["type"] == "extra_forbidden":
        return field, f"{field}: is not a field that can be given here"
    if detail["type"] == "incomplete":
        # Our own error type for a combination of fields, which the message names.
        return field, detail["msg"]
    value = SECRET if _is_secret(field) else _shorten(detail["input"])
    return field, f"{field}: {detail['msg']}, not {value}"


def _shorten(value: Any) -> str:
    return _cut(repr(value))


def _cut(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def parse_task(document: Any) -> FractalTask:
    """Return ``document``, decoded JSON, as a task.

    :raises faafo.errors.InvalidTask: when it is not valid.
    """
    try:
        return FractalTask.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidTask(describe(error)) from None
