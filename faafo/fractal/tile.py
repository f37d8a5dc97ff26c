# SPDX-License-Identifier: Apache-2.0
"""Tiles: the squares of 256 x 256 pixels that the plane is cut into, finer at each zoom.

At zoom 0 one tile covers the square from -2 - 2i to 2 + 2i, which holds every Julia set that is
worth a look. Zoom z has 2^z x 2^z tiles. Tile (x, y) is the x-th from the left and the y-th from
the top, counted from 0; imaginary parts grow downwards, as in the pictures of the generator.

Pixels lie ``pitch(z)`` = 2^(-6 - z) apart. The first pixel of a row lies on the tile's left edge,
the last one a pitch before its right edge, where the next tile begins; columns are like that, too.
So every second pixel of a tile is a pixel of the tile above it. A tile is nothing but the picture
of a ``FractalTask``: all places are whole multiples of the pitch, and the kernel's places are these
to the last bit, since every product and quotient on its way to them is a double as well.

That holds as long as multiples of the pitch up to 2 are doubles: to zoom 46, where the pitch is
2^-52, the distance of two neighbouring doubles between 1 and 2. But each step of an orbit is
computed in doubles, too. It is off by up to about 2^-51, which is as if its pixel lay that far
away. At ``MAX_ZOOM`` the pitch is 2^-48, so that this is an eighth of a pixel; further down the
noise of rounding would be shown, and not the Julia set.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal import palette as palettes
from faafo.fractal.task import (
    MAX_COORDINATE,
    MAX_INT32,
    FractalTask,
    PaletteName,
    describe,
    within,
)

SIZE = 256
# Where doubles end: see above.
MAX_ZOOM = 42
# The tile of zoom 0 begins here, in both directions, and is so wide.
FIRST = -2.0
EXTENT = 4.0
# Counts up when the same parameters give other bytes than before.
RENDERING_VERSION = 1
# A tile is no record: its task has a uuid that names nothing.
NO_UUID = "00000000-0000-4000-8000-000000000000"


def pitch(zoom: int) -> float:
    """Return the distance of two neighbouring pixels at that zoom."""
    return EXTENT / SIZE / 2**zoom


# Integers within bounds, which may be written as text.
Zoom = Annotated[int, Field(ge=0, le=MAX_ZOOM), within("an integer", 0, MAX_ZOOM)]
Position = Annotated[int, Field(ge=0, le=2**MAX_ZOOM - 1), within("an integer", 0, 2**MAX_ZOOM - 1)]
Iterations = Annotated[int, Field(ge=1, le=MAX_INT32), within("an integer", 1, MAX_INT32)]
Number = Annotated[
    float,
    # -0.0 is the same number as 0.0, and should have the same ETag.
    AfterValidator(lambda value: value + 0.0),
    Field(allow_inf_nan=False, ge=-MAX_COORDINATE, le=MAX_COORDINATE),
    within("a finite number", -MAX_COORDINATE, MAX_COORDINATE),
]


class TilePlace(BaseModel):
    """Which tile: its zoom, and its column and row at that zoom, counted from the top left."""

    model_config = ConfigDict(frozen=True)

    z: Zoom
    x: Position
    y: Position

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


class TileStyle(BaseModel):
    """What is to be seen on a tile: the Julia constant c, the iterations, the palette."""

    model_config = ConfigDict(frozen=True)

    cx: Number
    cy: Number
    iterations: Iterations
    palette: PaletteName = palettes.DEFAULT


class TileView(TilePlace, TileStyle):
    """Everything that a tile depends on."""

    def task(self) -> FractalTask:
        """Return the task whose picture the tile is."""
        step = pitch(self.z)
        xa = FIRST + self.x * SIZE * step
        ya = FIRST + self.y * SIZE * step
        return FractalTask(
            uuid=NO_UUID,
            width=SIZE,
            height=SIZE,
            iterations=self.iterations,
            xa=xa,
            xb=xa + (SIZE - 1) * step,
            ya=ya,
            yb=ya + (SIZE - 1) * step,
            cx=self.cx,
            cy=self.cy,
            palette=self.palette,
        )

    def fingerprint(self) -> str:
        """Return what tells this tile from all that look different: 32 hexadecimal digits."""
        text = f"{RENDERING_VERSION} {self.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Tile:
    """A rendered tile: its PNG file, the worker it comes from, the seconds that it took there."""

    png: bytes
    worker: str
    duration: float


def parse_view(document: Any) -> TileView:
    """Return the view that a decoded JSON document describes.

    :raises faafo.errors.InvalidTask: when it does not describe one.
    """
    try:
        return TileView.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidTask(describe(error)) from None
