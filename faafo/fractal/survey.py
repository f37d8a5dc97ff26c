# SPDX-License-Identifier: Apache-2.0
"""Surveys: a Julia set on a coarse grid of points, to judge a c before its picture is rendered."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from faafo.fractal.steps import DEGREE, STEP

# Points along each side of the grid; an even number, so that the grid has the symmetry of the set.
SIDE = 56
# Steps after which a point counts as inside.
STEPS = 160
# Beyond this radius |z| grows like its powers, up to about 1 %.
FAR = 32.0


class Box(NamedTuple):
    """A rectangle of the complex plane, its sides parallel to the axes."""

    xa: float
    xb: float
    ya: float
    yb: float

    @property
    def width(self) -> float:
        """The length along the real axis."""
        return self.xb - self.xa

    @property
    def height(self) -> float:
        """The length along the imaginary axis."""
        return self.yb - self.ya

    @property
    def slimness(self) -> float:
        """The shorter side as a part of the longer one."""
        return min(self.width, self.height) / max(self.width, self.height)


class Point(NamedTuple):
    """A point of the grid: its place, its fractional count, about its distance from the set.

    ``escape`` is the count; inside, it is infinite and the distance 0.
    """

    x: float
    y: float
    escape: float
    distance: float


@dataclass(frozen=True)
class Survey:
    """The points of a grid around a Julia set, row by row; ``pitch`` is their distance."""

    points: list[Point]
    pitch: float

    def extent(self) -> Box | None:
        """Return the smallest box around the points next to the set; None if there are none."""
        near = [point for point in self.points if point.distance < 0.75 * self.pitch]
        if not near:
            return None
        xs, ys = [point.x for point in near], [point.y for point in near]
        return Box(min(xs), max(xs), min(ys), max(ys))

    def roughness(self) -> float:
        """Return how far apart the roots of counts of neighbours next to the set are, on average.

        Above 2.5 or so counts look like noise. Of a part of a grid it is meaningless.
        """
        apart = [
            abs(math.sqrt(upper.escape) - math.sqrt(lower.escape))
            for upper, lower in zip(self.points, self.points[SIDE:], strict=False)
            if 0 < upper.distance < self.pitch and 0 < lower.distance < self.pitch
        ]
        return sum(apart) / len(apart) if apart else 0.0

    def within(self, box: Box) -> "Survey":
        """Return the survey of those points that are in ``box``."""
        found = [
            point
            for point in self.points
            if box.xa <= point.x <= box.xb and box.ya <= point.y <= box.yb
        ]
        return Survey(found, self.pitch)


def radius(formula: str, c: complex) -> float:
    """Return the radius of a disc around 0 that contains the Julia set.

    It is the root R > 1 of R^degree = R + |c|: beyond it each step leads further out.
    """
    degree = DEGREE[formula]
    bound = 2.0 + abs(c)
    # From above, Newton's method falls to the root of a convex function.
    for _ in range(16):
        value = bound**degree - bound - abs(c)
        bound -= value / (degree * bound ** (degree - 1) - 1.0)
    return bound


def survey(formula: str, c: complex) -> Survey:
    """Return the survey of the whole Julia set of ``formula`` for ``c``."""
    pitch = 2.0 * radius(formula, c) / SIDE
    # Where a step does not see the sign of z, the set is symmetric about 0: half of it is enough.
    is_even = DEGREE[formula] % 2 == 0
    points = list(_points(formula, c, pitch, SIDE // 2 if is_even else SIDE))
    if is_even:
        points += [point._replace(x=-point.x, y=-point.y) for point in reversed(points)]
    return Survey(points, pitch)


def _points(formula: str, c: complex, pitch: float, rows: int) -> Iterator[Point]:
    first = (1 - SIDE) / 2
    for row in range(rows):
        for column in range(SIDE):
            x, y = (first + column) * pitch, (first + row) * pitch
            yield Point(x, y, *_orbit(formula, complex(x, y), c))


def _orbit(formula: str, z: complex, c: complex) -> tuple[float, float]:
    """Return the fractional count of a point, and about its distance from the set.

    The distance is |z| log |z| / |z'|, up to a factor of about 2 (J. Milnor, Dynamics in One
    Complex Variable, appendix G). Each step multiplies |z'| by degree·|z|^(degree - 1): where a
    formula mirrors z, it keeps lengths.
    """
    step, degree = STEP[formula], DEGREE[formula]
    growth = 1.0
    for count in range(STEPS):
        size = abs(z)
        if size > FAR:
            log = math.log(size)
            return count + 1.0 - math.log(log / math.log(2.0), degree), size * log / growth
        growth *= degree * size ** (degree - 1)
        z = step(z, c)
    return math.inf, 0.0
