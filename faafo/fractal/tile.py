# SPDX-License-Identifier: Apache-2.0
"""Tiles: squares of 256 x 256 pixels that cover the plane, four times as many at each zoom level.

At zoom 0 one tile covers the square from -2 - 2i to 2 + 2i, which contains every Julia set with
|c| <= 2. Zoom z has 2^z x 2^z tiles. Tile (x, y) is in column x and row y, counted from 0 at the
top left; imaginary parts grow downwards, as in the pictures of the generator.

Pixels are ``pitch(z)`` = 2^(-6 - z) apart. The first pixel of a row lies on the tile's left edge,
the last one a pitch before its right edge, where the next tile begins; the same holds for columns.
So every second pixel of a tile is a pixel of the tile above it, at zoom z - 1. A tile is the
picture of a ``FractalTask``: all coordinates are multiples of the pitch, and the kernel computes
them exactly, since every intermediate product and quotient is a double, too.

That holds as long as the multiples of the pitch up to 2 are doubles: down to zoom 46, where the
pitch is 2^-52, the distance of two neighbouring doubles between 1 and 2. But each step of an orbit
is computed in doubles, too, with an error of up to about 2^-51, which has the effect of moving the
pixel by that distance. At ``MAX_ZOOM`` the pitch is 2^-48, so the error is an eighth of a pixel;
deeper tiles would show rounding errors instead of the Julia set.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal.drawing import ADDED, DEFAULTS, one_of
from faafo.fractal.drawing_text import DrawingText
from faafo.fractal.numbers import INTEGER_TEXT, MAX_INT32, NUMBER_TEXT, within
from faafo.fractal.task import MAX_COORDINATE, FractalTask, describe

SIZE = 256
# The limit of double precision, see above.
MAX_ZOOM = 42
MAX_SCALE = 3
# The first coordinate and the width of the tile at zoom 0, in both directions.
FIRST = -2.0
EXTENT = 4.0
# To be increased when the same parameters give other bytes than before.
RENDERING_VERSION = 1
# The uuid of every tile's task: a tile has no record.
NO_UUID = "00000000-0000-4000-8000-000000000000"


def pitch(zoom: int) -> float:
    """Return the distance of two neighbouring pixels at ``zoom``, in the complex plane."""
    return EXTENT / SIZE / 2**zoom


def max_scale(zoom: int) -> int:
    """Return the largest scale of a tile at ``zoom``: 1 at MAX_ZOOM, 2 above it, then MAX_SCALE."""
    return min(MAX_SCALE, 2 ** (MAX_ZOOM - zoom))


class Output(StrEnum):
    """What a tile holds: a picture, or a number for each pixel."""

    PNG = "png"
    VALUES = "values"


OutputName = Annotated[
    str, one_of(tuple(Output)), WithJsonSchema({"type": "string", "enum": list(Output)})
]
# Integers within bounds, which may be written as text.
Zoom = Annotated[int, Field(ge=0, le=MAX_ZOOM), INTEGER_TEXT, within("an integer", 0, MAX_ZOOM)]
Position = Annotated[
    int,
    Field(ge=0, le=2**MAX_ZOOM - 1),
    INTEGER_TEXT,
    within("an integer", 0, 2**MAX_ZOOM - 1),
]
Iterations = Annotated[
    int, Field(ge=1, le=MAX_INT32), INTEGER_TEXT, within("an integer", 1, MAX_INT32)
]
Scale = Annotated[int, Field(ge=1, le=MAX_SCALE), INTEGER_TEXT, within("an integer", 1, MAX_SCALE)]
Number = Annotated[
    float,
    # Turns -0.0 into 0.0: the numbers are equal, and so must be their ETags.
    AfterValidator(lambda value: value + 0.0),
    Field(allow_inf_nan=False, ge=-MAX_COORDINATE, le=MAX_COORDINATE),
    NUMBER_TEXT,
    within("a finite number", -MAX_COORDINATE, MAX_COORDINATE),
]


class TilePlace(BaseModel):
    """The address of a tile: zoom, and column and row at that zoom, counted from the top left."""

    model_config = ConfigDict(frozen=True)

    z: Zoom = Field(description="zoom; each has twice as many tiles in both directions")
    x: Position = Field(description="number of the column, from 0 at the left to 2^z - 1")
    y: Position = Field(description="number of the row, from 0 at the top to 2^z - 1")

    @model_validator(mode="after")
    def _exists_at_its_zoom(self) -> Self:
        last = 2**self.z - 1
        for name in ("x", "y"):
            if (value := getattr(self, name)) > last:
                raise PydanticCustomError(
                    "incomplete",
                    "{name}: must be an integer from 0 to {last} at z = {z}, not {value}",
                    {"name": name, "last": last, "z": self.z, "value": value},
                )
        return self


class JuliaText(BaseModel):
    """The Julia constant c and the iterations; numbers may be written as text."""

    model_config = ConfigDict(frozen=True)

    cx: Number = Field(description="real part of the constant c")
    cy: Number = Field(description="imaginary part of the constant c")
    iterations: Iterations = Field(
        description="steps after which a point that stays counts as inside"
    )


class TileStyle(DrawingText, JuliaText):
    """The content of a tile: the Julia constant c, the iterations, and how it is drawn."""


class TileView(TilePlace, TileStyle):
    """All parameters of a tile; it has SIZE * ``scale`` pixels in each direction."""

    scale: Scale = 1
    output: OutputName = Output.PNG.value

    @model_validator(mode="after")
    def _has_one_value_a_pixel(self) -> Self:
        if self.output == Output.VALUES and self.samples > 1:
            raise PydanticCustomError(
                "incomplete",
                "samples: must be 1 with output = values, not {value}",
                {"value": self.samples},
            )
        return self

    @model_validator(mode="after")
    def _is_within_double_precision(self) -> Self:
        if self.scale > max_scale(self.z):
            raise PydanticCustomError(
                "incomplete",
                "scale: must be an integer from 1 to {largest} at z = {z}, not {value}",
                {"largest": max_scale(self.z), "z": self.z, "value": self.scale},
            )
        return self

    def iterations_within(self, limit: int) -> int:
        """Return the largest number of iterations of this tile.

        :param limit: of a tile at scale 1 with a sample a pixel. A tile with more points may have
            fewer iterations, so that it takes no longer.
        """
        return limit // (self.scale * self.samples) ** 2

    def task(self) -> FractalTask:
        """Return the task whose picture the tile is."""
        side = SIZE * self.scale
        step = pitch(self.z) / self.scale
        xa = FIRST + self.x * SIZE * pitch(self.z)
        ya = FIRST + self.y * SIZE * pitch(self.z)
        return FractalTask(
            uuid=NO_UUID,
            width=side,
            height=side,
            iterations=self.iterations,
            xa=xa,
            xb=xa + (side - 1) * step,
            ya=ya,
            yb=ya + (side - 1) * step,
            cx=self.cx,
            cy=self.cy,
            **{name: getattr(self, name) for name in DEFAULTS},
        )

    def fingerprint(self) -> str:
        """Return a hash of the parameters and the rendering version: 32 hexadecimal digits."""
        # Tiles keep the ETags that they had before there were scales and drawings.
        plain = {name for name in ADDED if getattr(self, name) == DEFAULTS[name]}
        plain |= {"scale"} if self.scale == 1 else set()
        plain |= {"output"} if self.output == Output.PNG else set()
        text = f"{RENDERING_VERSION} {self.model_dump_json(exclude=plain)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Tile:
    """A rendered tile: the body of its answer, its worker's name, and the seconds of the render.

    The body is a PNG file, or values as ``faafo.render.values`` packs them.
    """

    body: bytes
    worker: str
    duration: float


def parse_view(document: Any) -> TileView:
    """Return ``document``, decoded JSON or a query string, as a view.

    :raises faafo.errors.InvalidTask: when it is not valid.
    """
    try:
        return TileView.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidTask(describe(error)) from None
