"""Escape counts: after how many steps each point of a window leaves the disc of radius 2.

The kernel moves a pool of lanes, each of which follows one pixel, by a few steps at a time. These
steps have no branch: a lane that has escaped goes on and is no longer counted, so the compiler
turns them into vector instructions. Then lanes that are through get the next pixels, so that none
waits for a slower neighbour. Lanes that have entered the trap are through at once.
"""

from collections.abc import Callable

import numba
import numpy as np

from faafo import errors
from faafo.fractal.task import FractalTask
from faafo.fractal.trap import find_trap

LANES = 32
# Between two looks at the lanes. A prime, so that few discs make a trap (see there).
STRIDE = 7
# Between two looks at whether to stop: some hundredths of a second at most.
STEPS_PER_BAND = 50_000_000


def escape_counts(task: FractalTask, cancelled: Callable[[], bool] = lambda: False) -> np.ndarray:
    """Return the escape counts of ``task``, which has its c: int32, shape (height, width).

    They equal those of the plain loop in doubles, bit for bit.

    :param cancelled: asked now and then whether to give up.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` answers True.
    """
    assert task.cx is not None
    assert task.cy is not None
    xs = _places(task.width, task.xa, task.xb)
    ys = _places(task.height, task.ya, task.yb)
    trap = find_trap(task.cx, task.cy, STRIDE)
    counts = np.empty(task.height * task.width, np.int32)
    band = max(LANES, STEPS_PER_BAND // task.iterations)
    for start in range(0, counts.size, band):
        if cancelled():
            raise errors.RenderCancelled(f"the render of task {task.uuid} was cancelled")
        stop = min(start + band, counts.size)
        _count(counts, start, stop, xs, ys, task.iterations, task.cx, task.cy, trap)
    return counts.reshape(task.height, task.width)


def warm_up() -> None:
    """Compile the kernel, or load it from the cache on disk."""
    place = np.zeros(1)
    _count(np.empty(1, np.int32), 0, 1, place, place, 1, 0.0, 0.0, find_trap(0.0, 0.0, STRIDE))


def _places(size: int, first: float, last: float) -> np.ndarray:
    """Return where pixels lie along one side; the order of operations is part of the contract."""
    if size == 1:
        return np.array([first])
    return np.arange(size) * (last - first) / (size - 1) + first


@numba.njit(nogil=True, cache=True)
def _count(counts, start, stop, xs, ys, iterations, cx, cy, trap):  # noqa: C901
    """Fill ``counts[start:stop]``, row after row; ``xs`` and ``ys`` are the places of pixels."""
    limit = float(iterations)
    zx = np.zeros(LANES)
    zy = np.zeros(LANES)
    inside = np.zeros(LANES)  # 1 until the orbit escapes, then 0 for good
    steps = np.zeros(LANES)  # that were made inside
    pixel = np.full(LANES, -1, np.int64)
    upcoming = start
    row, column = divmod(start, xs.size)
    busy = 0
    while True:
        for j in range(LANES):
            if inside[j] == 1.0 and steps[j] < limit:
                continue
            if pixel[j] >= 0:
                counts[pixel[j]] = np.int32(min(steps[j], limit - 1.0))
                pixel[j] = -1
                busy -= 1
            inside[j] = 0.0
            if upcoming < stop:
                pixel[j] = upcoming
                zx[j] = xs[column]
                zy[j] = ys[row]
                inside[j] = 1.0
                steps[j] = 0.0
                busy += 1
                upcoming += 1
                column += 1
                if column == xs.size:
                    column = 0
                    row += 1
        if busy == 0:
            return
        for j in range(LANES):
            x = zx[j]
            y = zy[j]
            still = inside[j]
            made = steps[j]
            for _ in range(STRIDE):
                xx = x * x
                yy = y * y
                still = still if xx + yy <= 4.0 else 0.0
                made += still
                y = 2.0 * x * y + cy
                x = xx - yy + cx
            zx[j] = x
            zy[j] = y
            inside[j] = still
            steps[j] = made
        for disc in range(trap.shape[0]):
            for j in range(LANES):
                dx = zx[j] - trap[disc, 0]
                dy = zy[j] - trap[disc, 1]
                caught = dx * dx + dy * dy < trap[disc, 2] and inside[j] == 1.0
                steps[j] = limit if caught else steps[j]
