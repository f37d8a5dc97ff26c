"""Escape counts: after how many steps each point of a window leaves the disc of radius 2."""

from collections.abc import Callable

import numba
import numpy as np

from faafo import errors
from faafo.fractal.task import FractalTask

STEPS_PER_BAND = 50_000_000


def escape_counts(task: FractalTask, cancelled: Callable[[], bool] = lambda: False) -> np.ndarray:
    """Return the escape counts of ``task``, which has its c: int32, shape (height, width).

    :raises faafo.errors.RenderCancelled: when ``cancelled()`` answers True half-way.
    """
    counts = np.empty((task.height, task.width), np.int32)
    rows = max(1, STEPS_PER_BAND // (task.width * task.iterations))
    for top in range(0, task.height, rows):
        if cancelled():
            raise errors.RenderCancelled(f"render of {task.uuid} was cancelled")
        _fill(
            counts[top : top + rows],
            top,
            task.height,
            task.iterations,
            task.xa,
            task.xb,
            task.ya,
            task.yb,
            task.cx,
            task.cy,
        )
    return counts


def warm_up() -> None:
    """Compile the kernel, or load it from the cache."""
    task = FractalTask(
        uuid="00000000-0000-4000-8000-000000000000",
        width=1,
        height=1,
        iterations=1,
        xa=0,
        xb=0,
        ya=0,
        yb=0,
        cx=0,
        cy=0,
    )
    escape_counts(task)


@numba.njit(nogil=True, cache=True)
def _fill(counts, top, height, iterations, xa, xb, ya, yb, cx, cy):
    rows, width = counts.shape
    for row in range(rows):
        y = top + row
        start_y = y * (yb - ya) / (height - 1) + ya if height > 1 else ya
        for x in range(width):
            zx = x * (xb - xa) / (width - 1) + xa if width > 1 else xa
            zy = start_y
            count = iterations - 1
            for i in range(iterations):
                if zx * zx + zy * zy > 4.0:
                    count = i
                    break
                zx, zy = zx * zx - zy * zy + cx, 2.0 * zx * zy + cy
            counts[row, x] = count
