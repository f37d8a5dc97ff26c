# SPDX-License-Identifier: Apache-2.0
"""The fractal that the explorer was opened from: its window, and how its picture differs."""

from dataclasses import dataclass

from faafo.db.models import Fractal

# The least ratio of the sides of a pixel that is visible, and so worth a remark.
STRETCHED = 1.01


@dataclass(frozen=True)
class Origin:
    """What a view has to show so that a whole window is visible, and what to say about it.

    ``width`` and ``height`` are those of the smallest part of the plane around the centre of the
    view that contains the window, in the complex plane.
    """

    width: float
    height: float
    remarks: list[str]


def origin_of(fractal: Fractal, re: float, im: float, max_iterations: int) -> Origin:
    """Return the origin of a view with its centre at ``re`` and ``im``.

    :param max_iterations: the largest number of iterations of a tile.
    """
    return Origin(
        width=2 * max(abs(fractal.xa - re), abs(fractal.xb - re)),
        height=2 * max(abs(fractal.ya - im), abs(fractal.yb - im)),
        remarks=[*_stretched(fractal), *_mirrored(fractal), *_cut(fractal, max_iterations)],
    )


def _stretched(fractal: Fractal) -> list[str]:
    columns = abs(fractal.xb - fractal.xa) * max(1, fractal.height - 1)
    rows = abs(fractal.yb - fractal.ya) * max(1, fractal.width - 1)
    if not columns or not rows or max(columns, rows) < STRETCHED * min(columns, rows):
        return []
    direction, factor = ("width", rows / columns) if columns < rows else ("height", columns / rows)
    return [
        f"The pixels of the picture are not square: it is stretched {factor:.3g} times in "
        f"{direction}. Here both directions have the same scale."
    ]


def _mirrored(fractal: Fractal) -> list[str]:
    axes = []
    if fractal.xa > fractal.xb:
        axes.append("left and right")
    if fractal.ya > fractal.yb:
        axes.append("top and bottom")
    return [f"In the picture {' and '.join(axes)} are exchanged."] if axes else []


def _cut(fractal: Fractal, max_iterations: int) -> list[str]:
    if fractal.iterations <= max_iterations:
        return []
    return [
        f"The picture has {fractal.iterations:,} iterations, a tile at most {max_iterations:,}."
    ]
