# SPDX-License-Identifier: Apache-2.0
"""Escape counts: the number of steps until each point of a window leaves the disc of radius 2."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faafo import errors
from faafo.fractal.drawing import Colouring, Formula
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.task import FractalTask
from faafo.render.formulas import NUMBERS, PLAIN, far_bailout
from faafo.render.kernel import fill
from faafo.render.lanes import LANES
from faafo.render.orbits import STRIDE, Cursor, Julia, new_orbits, stride_for
from faafo.render.trap import find_trap

# Seconds between two checks for cancellation, on any processor and under any load.
CHECK_SECONDS = 0.25
# Work before the second check, in strides of single lanes: some milliseconds. From then on the time
# that a piece took sets the size of the next one, at most GROWTH times as large.
BUDGET = 1_000_000
GROWTH = 4.0
# The number of points of a band of rows, approximately: its counts stay in the processor's cache.
BAND = 2**17


class Band(NamedTuple):
    """Rows of points from the row ``first_row`` of pixels of the task on.

    ``counts``, int32, has shape (rows, columns) of points. ``sizes``, float64 of the same shape, is
    |z|² of each point as its orbit escapes; None where only whole counts of z² + c are needed.
    ``largest`` is the count of points that never escape, whose sizes are of any value.
    """

    first_row: int
    counts: NDArray[np.int32]
    sizes: NDArray[np.float64] | None
    largest: int


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

    They are equal to those of the plain loop in doubles. Of a band they are those of its rows.

    :param cancelled: called periodically; the render stops when it returns True.
    :param progress: called periodically with the number of rows begun, at the end with all rows.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    (band,) = _bands(task, task.band.rows, cancelled, progress)
    return band.counts


def escape_bands(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> Iterator[Band]:
    """Yield the same counts in bands of whole rows of pixels, for all formulas and samples.

    All bands share their memory: each is valid until the next one is requested. With s samples a
    band has s rows and s columns of points for each of pixels (see ``places``). With smooth
    colouring orbits escape from a larger disc, which takes them more steps.
    """
    return _bands(task, max(1, BAND // (task.width * task.samples**2)), cancelled, progress)


def warm_up() -> None:
    """Compile the kernel, or load it from the cache on disk."""
    size = {"uuid": "00000000-0000-4000-8000-000000000000", "width": 1, "height": 1}
    point = dict.fromkeys(("xa", "xb", "ya", "yb", "cx", "cy"), 0.0)
    escape_counts(FractalTask(iterations=1, **size, **point))


def _bands(
    task: FractalTask, rows: int, cancelled: Callable[[], bool], progress: Callable[[int], None]
) -> Iterator[Band]:
    """Yield bands of ``rows`` rows of pixels each."""
    julia, is_sized = _iteration(task)
    columns = task.width * task.samples
    xs = np.zeros(columns + LANES)
    xs[:columns] = places(task.width, task.xa, task.xb, task.samples)
    middle = int(np.abs(xs[:columns]).argmin())
    ys = places(task.height, task.ya, task.yb, task.samples)
    trap = find_trap(julia.cx, julia.cy, julia.stride, julia.iterations, julia.formula)
    orbits = new_orbits(columns)
    begin, height = task.band.first_row * task.samples, task.band.rows
    ys = ys[begin : begin + height * task.samples]
    counts = np.empty(min(rows, height) * task.samples * columns, np.int32)
    sizes = np.empty(counts.size + LANES) if is_sized else None
    budget = BUDGET
    for first_row in range(0, height, rows):
        band = ys[first_row * task.samples : (first_row + rows) * task.samples]
        size = band.size * columns
        cursor = Cursor(row=0, first=0, last=0, under_way=0)
        while cursor.row < band.size or cursor.under_way > 0:
            if cancelled():
                raise errors.RenderCancelled(f"the render of task {task.uuid} was cancelled")
            begun_at = perf_counter()
            cursor = fill(
                counts[:size], xs, middle, band, julia, trap, orbits, cursor, budget, sizes
            )
            # A finished band says nothing about the speed: it may have needed less than the budget.
            if cursor.row < band.size or cursor.under_way > 0:
                budget = _next_budget(budget, perf_counter() - begun_at)
            progress(first_row + cursor.row // task.samples)
        shape = (band.size, columns)
        kept = None if sizes is None else sizes[:size].reshape(shape)
        yield Band(first_row, counts[:size].reshape(shape), kept, julia.iterations - 1)


def _iteration(task: FractalTask) -> tuple[Julia, bool]:
    """Return the iteration of ``task``, and whether it needs sizes."""
    assert task.cx is not None
    assert task.cy is not None
    is_smooth = task.colouring == Colouring.SMOOTH
    bailout = far_bailout(task.formula, task.cx, task.cy) if is_smooth else PLAIN
    julia = Julia(
        task.cx,
        task.cy,
        min(task.iterations + bailout.more, MAX_INT32),
        STRIDE if is_smooth else stride_for(task.cx, task.cy),
        bailout.bound,
        NUMBERS[Formula(task.formula)],
    )
    return julia, is_smooth or task.formula != Formula.Z2


def _next_budget(budget: int, seconds: float) -> int:
    """Return the work of about CHECK_SECONDS, given that ``budget`` took ``seconds``."""
    fitting = CHECK_SECONDS / seconds if seconds > 0 else GROWTH
    return max(1, int(budget * min(fitting, GROWTH)))


def places(size: int, first: float, last: float, samples: int = 1) -> NDArray[np.float64]:
    """Return the coordinates of the points along one side of ``size`` pixels.

    Pixels are (``last`` - ``first``) / (``size`` - 1) apart, the first one at ``first``. The points
    of each are as far apart as a pixel is wide, divided by ``samples``, and centred on it; so all
    points form one regular grid. A side of one pixel has no width: all its points are at ``first``.
    The order of operations is fixed.
    """
    if size == 1:
        return np.full(samples, first)
    halves = 2 * np.arange(size * samples) - (samples - 1)
    return halves * (last - first) / (2 * samples * (size - 1)) + first
