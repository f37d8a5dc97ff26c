# SPDX-License-Identifier: Apache-2.0
"""Escape counts: the number of steps until each point of a window leaves the disc of radius 2."""

from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from faafo import errors
from faafo.fractal.task import FractalTask
from faafo.render.kernel import fill
from faafo.render.lanes import LANES
from faafo.render.orbits import Cursor, Julia, new_orbits, stride_for
from faafo.render.trap import find_trap

# Seconds between two checks for cancellation, on any processor and under any load.
CHECK_SECONDS = 0.25
# Work before the second check, in strides of single lanes: some milliseconds. From then on the time
# that a piece took sets the size of the next one, at most GROWTH times as large.
BUDGET = 1_000_000
GROWTH = 4.0
# The number of pixels of a band of rows, approximately: its counts stay in the processor's cache.
BAND = 2**18


def never() -> bool:
    """Return False: the default for ``cancelled``."""
    return False


def ignore(_rows: int) -> None:
    """Do nothing: the default for ``progress``."""


def escape_counts(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> NDArray[np.int32]:
    """Return the escape counts of ``task``, which must have a c: int32, shape (height, width).

    They are equal to those of the plain loop in doubles.

    :param cancelled: called periodically; the render stops when it returns True.
    :param progress: called periodically with the number of rows begun, at the end with all rows.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    ((_row, counts),) = _bands(task, task.height, cancelled, progress)
    return counts


def escape_bands(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Yield the same counts in bands of whole rows: the number of the first row, and the band.

    All bands share their memory: each is valid until the next one is requested.
    """
    return _bands(task, max(1, BAND // task.width), cancelled, progress)


def warm_up() -> None:
    """Compile the kernel, or load it from the cache on disk."""
    size = {"uuid": "00000000-0000-4000-8000-000000000000", "width": 1, "height": 1}
    point = dict.fromkeys(("xa", "xb", "ya", "yb", "cx", "cy"), 0.0)
    escape_counts(FractalTask(iterations=1, **size, **point))


def _bands(
    task: FractalTask, rows: int, cancelled: Callable[[], bool], progress: Callable[[int], None]
) -> Iterator[tuple[int, NDArray[np.int32]]]:
    assert task.cx is not None
    assert task.cy is not None
    xs = np.zeros(task.width + LANES)
    xs[: task.width] = _places(task.width, task.xa, task.xb)
    middle = int(np.abs(xs[: task.width]).argmin())
    ys = _places(task.height, task.ya, task.yb)
    julia = Julia(task.cx, task.cy, task.iterations, stride_for(task.cx, task.cy))
    trap = find_trap(task.cx, task.cy, julia.stride, task.iterations)
    orbits = new_orbits(task.width)
    counts = np.empty(min(rows, task.height) * task.width, np.int32)
    budget = BUDGET
    for first_row in range(0, task.height, rows):
        band = ys[first_row : first_row + rows]
        cursor = Cursor(row=0, first=0, last=0, under_way=0)
        while cursor.row < band.size or cursor.under_way > 0:
            if cancelled():
                raise errors.RenderCancelled(f"the render of task {task.uuid} was cancelled")
            begun_at = perf_counter()
            cursor = fill(
                counts[: band.size * task.width],
                xs,
                middle,
                band,
                julia,
                trap,
                orbits,
                cursor,
                budget,
            )
            # A finished band says nothing about the speed: it may have needed less than the budget.
            if cursor.row < band.size or cursor.under_way > 0:
                budget = _next_budget(budget, perf_counter() - begun_at)
            progress(first_row + cursor.row)
        yield first_row, counts[: band.size * task.width].reshape(band.size, task.width)


def _next_budget(budget: int, seconds: float) -> int:
    """Return the work of about CHECK_SECONDS, given that ``budget`` took ``seconds``."""
    fitting = CHECK_SECONDS / seconds if seconds > 0 else GROWTH
    return max(1, int(budget * min(fitting, GROWTH)))


def _places(size: int, first: float, last: float) -> NDArray[np.float64]:
    """Return the coordinates of pixels along one side; the order of operations is fixed."""
    if size == 1:
        return np.array([first])
    return np.arange(size) * (last - first) / (size - 1) + first
