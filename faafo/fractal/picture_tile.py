# SPDX-License-Identifier: Apache-2.0
"""Tiles of a picture: squares of its own pixels, for who looks at a large picture closely.

At the deepest zoom, ``deepest(width, height)``, a tile has 256 x 256 pixels of the picture; each
zoom above it has half as many in both directions, down to 0, where one tile shows all. The last
tiles of a row and of a column end with the picture. A pixel of a tile above the deepest zoom is in
the middle of those of the picture that it stands for.
"""

import hashlib
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal.drawing import DEFAULTS
from faafo.fractal.numbers import MAX_INT32, within
from faafo.fractal.task import MAX_COORDINATE, FractalParameters, FractalTask, describe
from faafo.fractal.tile import NO_UUID, RENDERING_VERSION, SIZE, Output, TileView, parse_view

Place = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), within("an integer", 0, MAX_INT32)]


def deepest(width: int, height: int) -> int:
    """Return the zoom at which tiles have the pixels of a picture of ``width`` x ``height``."""
    return ((max(width, height) - 1) // SIZE).bit_length()


class PictureTile(FractalParameters):
    """All parameters of a tile: those of the picture, which must have a c, and its place.

    :param z: the zoom, from 0 to the deepest one; ``x`` and ``y`` are column and row at that zoom.
    """

    z: Place
    x: Place
    y: Place

    # What a TileView may have in other ways.
    output: ClassVar[str] = Output.PNG.value
    scale: ClassVar[int] = 1

    @model_validator(mode="after")
    def _exists(self) -> Self:
        last = deepest(self.width, self.height)
        self._check("z", self.z, last, "")
        for name, count in (("x", self.width), ("y", self.height)):
            tiles = -(-count // (SIZE * self.step))
            self._check(name, getattr(self, name), tiles - 1, f" at z = {self.z}")
        return self

    @staticmethod
    def _check(name: str, value: int, last: int, where: str) -> None:
        if value > last:
            raise PydanticCustomError(
                "incomplete",
                "{name}: must be an integer from 0 to {last}{where}, not {value}",
                {"name": name, "last": last, "where": where, "value": value},
            )

    @property
    def step(self) -> int:
        """The number of pixels of the picture for each pixel of the tile, along a side."""
        return 1 << max(0, deepest(self.width, self.height) - self.z)

    def iterations_within(self, limit: int) -> int:
        """Return the largest number of iterations; see ``TileView.iterations_within``."""
        return limit // self.samples**2

    def task(self) -> FractalTask:
        """Return the task whose picture the tile is."""
        across = _side(self.xa, self.xb, self.width, self.x, self.step)
        down = _side(self.ya, self.yb, self.height, self.y, self.step)
        return FractalTask(
            uuid=NO_UUID,
            width=across.pixels,
            height=down.pixels,
            iterations=self.iterations,
            xa=across.first,
            xb=across.last,
            ya=down.first,
            yb=down.last,
            cx=self.cx,
            cy=self.cy,
            **{name: getattr(self, name) for name in DEFAULTS},
        )

    def fingerprint(self) -> str:
        """Return a hash of the parameters and the rendering version: 32 hexadecimal digits."""
        text = f"{RENDERING_VERSION} {self.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class _Side(NamedTuple):
    pixels: int
    first: float
    last: float


def _side(first: float, last: float, count: int, number: int, step: int) -> _Side:
    """Return one side of a tile: its pixels, and the coordinates of the first and the last one.

    :param first: coordinate of the first of the picture's ``count`` pixels; ``last`` likewise.
    :param number: of the column or the row of tiles.
    """
    gap = (last - first) / (count - 1) if count > 1 else 0.0
    begin = number * SIZE * step
    pixels = min(SIZE, -(-(count - begin) // step))
    start = first + (begin + (step - 1) / 2) * gap
    end = start + (pixels - 1) * step * gap
    return _Side(pixels, _bounded(start), _bounded(end))


def _bounded(coordinate: float) -> float:
    # The last pixel of a tile may stand for some beyond the edge.
    return min(MAX_COORDINATE, max(-MAX_COORDINATE, coordinate))


def parse_tile(document: Any) -> TileView | PictureTile:
    """Return ``document``, decoded JSON, as a tile of the plane, or of a picture if it has a width.

    :raises faafo.errors.InvalidTask: when it is not valid.
    """
    if not isinstance(document, dict) or "width" not in document:
        return parse_view(document)
    try:
        return PictureTile.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidTask(describe(error)) from None
