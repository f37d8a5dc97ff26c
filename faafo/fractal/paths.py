# SPDX-License-Identifier: Apache-2.0
"""Paths of films: where c, or the window, is in each frame."""

import cmath
import math
import random
import uuid as uuidlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal.drawing import Drawing
from faafo.fractal.numbers import MAX_SIZE, WHOLE, within
from faafo.fractal.task import MAX_COORDINATE, Canvas, Coordinate
from faafo.fractal.taste import good_constant

MOST_POINTS = 100
# With less all c would be the same.
SMALLEST_RADIUS = 1e-12
# Of the sides of the windows of a zoom, and of all lines together: what is computed of less is lost
# below the smallest of floating-point numbers.
SMALLEST_WAY = 1e-100
# Frames that a walk takes from one good c to the next, and how many of these it has at most: to
# find one takes up to 0.2 seconds.
FRAMES_A_STEP, MOST_STEPS = 40, 12
# By which part the aspects of the windows of a zoom may differ, since users round coordinates.
ASPECT_TOLERANCE = 1e-3

_POINT_SCHEMA = {
    "type": "array",
    "items": {"type": "number", "minimum": -MAX_COORDINATE, "maximum": MAX_COORDINATE},
    "minItems": 2,
    "maxItems": 2,
}
Point = Annotated[tuple[Coordinate, Coordinate], WithJsonSchema(_POINT_SCHEMA)]
Radius = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, ge=SMALLEST_RADIUS, le=MAX_COORDINATE),
    within("a finite number", SMALLEST_RADIUS, MAX_COORDINATE),
]
Seed = Annotated[
    int, Field(strict=True, ge=0, le=MAX_SIZE), WHOLE, within("an integer", 0, MAX_SIZE)
]


TYPE = "the kind of path"


class Frame(NamedTuple):
    """What is different in each frame: c, and the window."""

    cx: float
    cy: float
    xa: float
    xb: float
    ya: float
    yb: float


class Whole(Canvas, Drawing):
    """What all frames of a film have together, and the window of the first one."""


class _Path(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Points(_Path):
    """Straight lines from point to point: c has the same way to go in each frame."""

    type: Literal["points"] = Field(description=TYPE)
    points: Annotated[tuple[Point, ...], Field(min_length=2, max_length=MOST_POINTS)] = Field(
        description="the points, each cx and cy"
    )

    def frames(self, whole: Whole, count: int, uuid: str) -> list[Frame]:
        """Return the frames of a film.

        :param count: the number of frames.
        :param uuid: of the film.
        :raises faafo.errors.InvalidTask: when it has none.
        """
        return _still(whole, _along([complex(*one) for one in self.points], count))


class Circle(_Path):
    """A circle, from its right and first towards larger cy; the frame after the last is the first.

    So the film can be repeated without a seam.
    """

    type: Literal["circle"] = Field(description=TYPE)
    centre: Point = Field(description="its centre, cx and cy")
    radius: Radius = Field(description="its radius, a part of the complex plane")

    def frames(self, whole: Whole, count: int, uuid: str) -> list[Frame]:
        """Return the frames of a film, as those of ``Points``."""
        centre = complex(*self.centre)
        if max(map(abs, self.centre)) + self.radius > MAX_COORDINATE:
            raise errors.InvalidTask(
                f"path.radius: leads beyond {MAX_COORDINATE:.15g}, the largest coordinate"
            )
        turn = 2.0 * math.pi / count
        return _still(
            whole, [centre + cmath.rect(self.radius, turn * number) for number in range(count)]
        )


class Walk(_Path):
    """A random walk: straight lines between constants that make good pictures."""

    type: Literal["walk"] = Field(description=TYPE)
    seed: Seed | None = Field(
        None, description="the same number gives the same walk; without one the uuid seeds it"
    )

    def frames(self, whole: Whole, count: int, uuid: str) -> list[Frame]:
        """Return the frames of a film, as those of ``Points``."""
        rng = random.Random(uuidlib.UUID(uuid).int if self.seed is None else self.seed)
        steps = min(MOST_STEPS, -(-count // FRAMES_A_STEP))
        return _still(
            whole, _along([good_constant(whole.formula, rng) for _ in range(steps + 1)], count)
        )


class Window(_Path):
    """A window of the complex plane."""

    xa: Coordinate = Field(description="real part of the left column")
    xb: Coordinate = Field(description="real part of the right column")
    ya: Coordinate = Field(description="imaginary part of the top row")
    yb: Coordinate = Field(description="imaginary part of the bottom row")


class Zoom(_Path):
    """A zoom from the window of the film to another one, by the same factor in each frame."""

    type: Literal["zoom"] = Field(description=TYPE)
    c: Point = Field(description="c in all frames, cx and cy")
    to: Window = Field(description="the window of the last frame, of the same aspect")

    def frames(self, whole: Whole, count: int, uuid: str) -> list[Frame]:
        """Return the frames of a film, as those of ``Points``."""
        factor = self._factor(whole)
        # x(t) = x(0) + (x(1) - x(0)) (f^t - 1) / (f - 1) has one fixed point, for all edges.
        logarithm = math.log(factor)

        def part(number: int) -> float:
            t = number / (count - 1)
            return t if logarithm == 0 else math.expm1(t * logarithm) / math.expm1(logarithm)

        edges = ("xa", "xb", "ya", "yb")
        ends = [(getattr(whole, name), getattr(self.to, name)) for name in edges]
        windows = [
            [begin + (end - begin) * part(number) for begin, end in ends]
            for number in range(count - 1)
        ]
        # Exactly, whatever has been rounded.
        windows.append([end for _begin, end in ends])
        return [Frame(*self.c, *window) for window in windows]

    def _factor(self, whole: Whole) -> float:
        """Return how many times as wide the last window is as the first one."""
        sides = [
            (whole.xb - whole.xa, self.to.xb - self.to.xa, "xa and xb"),
            (whole.yb - whole.ya, self.to.yb - self.to.ya, "ya and yb"),
        ]
        for begin, end, names in sides:
            if min(abs(begin), abs(end)) < SMALLEST_WAY:
                which = "" if abs(begin) < SMALLEST_WAY else "path.to: "
                raise errors.InvalidTask(
                    f"{which}{names}: must differ by {SMALLEST_WAY} at least in a zoom"
                )
            if begin * end < 0:
                raise errors.InvalidTask(
                    f"path.to: {names} must be in the order of those of the film"
                )
        across, down = (end / begin for begin, end, _names in sides)
        if not math.isclose(across, down, rel_tol=ASPECT_TOLERANCE):
            raise errors.InvalidTask(
                "path.to: must have the aspect of the window of the film, since all frames have "
                f"its size: {abs(sides[0][1] / sides[1][1]):.6g} is not "
                f"{abs(sides[0][0] / sides[1][0]):.6g}"
            )
        return across


TYPES = {"points": Points, "circle": Circle, "walk": Walk, "zoom": Zoom}


def _of_known_type(value: Any) -> Any:
    """Require a path of a known type, in one sentence."""
    if isinstance(value, _Path):
        return value
    if not isinstance(value, dict) or value.get("type") not in (*TYPES,):
        raise PydanticCustomError(
            "path", "must be an object whose type is one of {names}", {"names": ", ".join(TYPES)}
        )
    return value


Path = Annotated[
    Points | Circle | Walk | Zoom,
    Field(discriminator="type"),
    BeforeValidator(_of_known_type),
]


def _still(whole: Whole, constants: Sequence[complex]) -> list[Frame]:
    """Return frames with these c, all with the window of the film."""
    return [Frame(c.real, c.imag, whole.xa, whole.xb, whole.ya, whole.yb) for c in constants]


def _along(corners: Sequence[complex], count: int) -> list[complex]:
    """Return ``count`` points on the lines between ``corners``, the first and the last included.

    :raises faafo.errors.InvalidTask: when the lines are too short.
    """
    lengths = [abs(end - begin) for begin, end in pairwise(corners)]
    behind = [0.0, *accumulate(lengths)]
    if behind[-1] < SMALLEST_WAY:
        raise errors.InvalidTask(
            f"path.points: must not all be the same: the lines have a length of {behind[-1]:.6g} "
            f"together, and {SMALLEST_WAY} is the least"
        )
    found = []
    for number in range(count - 1):
        way = behind[-1] * number / (count - 1)
        # The last line that begins at or before it; it has a length, as others end before it.
        line = min(bisect_right(behind, way) - 1, len(lengths) - 1)
        part = (way - behind[line]) / lengths[line]
        found.append(corners[line] + (corners[line + 1] - corners[line]) * part)
    return [*found, corners[-1]]
