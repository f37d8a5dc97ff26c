# SPDX-License-Identifier: Apache-2.0
"""The picture as the plain Python loop makes it: what every kernel must equal, pixel by pixel."""

from faafo.fractal.task import FractalTask


def plain_counts(task: FractalTask) -> list[list[int]]:
    """Return the escape counts of a task that has its c, row by row."""
    return [
        [_count(place(x, task.width, task.xa, task.xb), zy, task) for x in range(task.width)]
        for zy in (place(y, task.height, task.ya, task.yb) for y in range(task.height))
    ]


def plain_pixels(task: FractalTask) -> list[list[tuple[int, int, int]]]:
    """Return the colours of a task that has its c, row by row."""
    return [[(i % 8 * 32, i % 16 * 16, i % 32 * 8) for i in row] for row in plain_counts(task)]


def place(pixel: int, size: int, first: float, last: float) -> float:
    """Return where a pixel lies along one side."""
    return first if size == 1 else pixel * (last - first) / (size - 1) + first


def _count(zx: float, zy: float, task: FractalTask) -> int:
    count = 0
    for i in range(task.iterations):
        count = i
        if zx * zx + zy * zy > 4.0:
            break
        zx, zy = zx * zx - zy * zy + task.cx, 2.0 * zx * zy + task.cy
    return count
