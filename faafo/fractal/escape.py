"""Escape counts: after how many steps each point of a window leaves the disc of radius 2.

Most points escape within a few steps; ``_begin`` makes these steps for all pixels. They have no
branch: an orbit that has escaped goes on and is no longer counted, so the compiler turns them into
vector instructions. ``_advance`` follows the pixels that are left, in a pool of lanes that are
moved in the same way, a few steps at a time. Then lanes that are through get the next pixels, so
that none waits for a slower neighbour. Lanes that have entered the trap are through at once.
"""

from collections.abc import Callable

import numba
import numpy as np

from faafo import errors
from faafo.fractal.task import FractalTask
from faafo.fractal.trap import find_trap

LANES = 32
# The count of a pixel that is not known yet.
UNKNOWN = -1
# Between two looks at the lanes. A prime, so that few discs make a trap (see there).
STRIDE = 7
# Between two looks at whether to stop. A round is what happens between two looks at the lanes; it
# takes less than a microsecond, however many iterations a task has.
ROUNDS = 100_000


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
    _begin(counts, xs, ys, task.iterations, task.cx, task.cy)
    lanes = np.zeros((4, LANES))
    pixels = np.full(LANES, -1, np.int64)
    upcoming = 0
    busy = True
    while busy:
        if cancelled():
            raise errors.RenderCancelled(f"the render of task {task.uuid} was cancelled")
        upcoming, busy = _advance(
            counts, upcoming, lanes, pixels, xs, ys, task.iterations, task.cx, task.cy, trap, ROUNDS
        )
    return counts.reshape(task.height, task.width)


def warm_up() -> None:
    """Compile the kernel, or load it from the cache on disk."""
    size = {"uuid": "00000000-0000-4000-8000-000000000000", "width": 1, "height": 1}
    point = dict.fromkeys(("xa", "xb", "ya", "yb", "cx", "cy"), 0.0)
    escape_counts(FractalTask(iterations=1, **size, **point))


def _places(size: int, first: float, last: float) -> np.ndarray:
    """Return where pixels lie along one side; the order of operations is part of the contract."""
    if size == 1:
        return np.array([first])
    return np.arange(size) * (last - first) / (size - 1) + first


def _compiled(function: Callable) -> Callable:
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither our directory nor the user's can be written to: compile at every start.
        return numba.njit(nogil=True)(function)


@_compiled
def _stride(x, y, inside, steps, cx, cy):
    """Return x, y, inside and steps of an orbit after STRIDE more steps.

    ``inside`` is 1 until the orbit escapes, then 0 for good; ``steps`` counts those made inside.
    """
    for _ in range(STRIDE):
        xx = x * x
        yy = y * y
        inside = inside if xx + yy <= 4.0 else 0.0
        steps += inside
        y = 2.0 * x * y + cy
        x = xx - yy + cx
    return x, y, inside, steps


@_compiled
def _begin(counts, xs, ys, iterations, cx, cy):
    """Fill in the ``counts`` of all pixels that are through after STRIDE steps."""
    limit = float(iterations)
    for row in range(ys.size):
        first = row * xs.size
        for column in range(xs.size):
            _x, _y, _inside, made = _stride(xs[column], ys[row], 1.0, 0.0, cx, cy)
            count = min(made, limit - 1.0)
            counts[first + column] = np.int32(UNKNOWN if made == STRIDE < limit else count)


@_compiled
def _advance(counts, upcoming, lanes, pixels, xs, ys, iterations, cx, cy, trap, rounds):  # noqa: C901
    """Move the lanes on by so many ``rounds``; fill in ``counts`` of those that get through.

    ``lanes`` and ``pixels`` keep the lanes between two calls. Pixels are numbered row after row;
    ``upcoming`` is where the next one that gets a lane is looked for. Return the new ``upcoming``,
    and whether there is something left to do.
    """
    limit = float(iterations)
    # Arrays of our own, because the compiler knows that they do not overlap.
    zx = lanes[0].copy()
    zy = lanes[1].copy()
    inside = lanes[2].copy()
    steps = lanes[3].copy()
    busy = np.sum(pixels >= 0)
    for _ in range(rounds):
        for j in range(LANES):
            if inside[j] == 1.0 and steps[j] < limit:
                continue
            if pixels[j] >= 0:
                counts[pixels[j]] = np.int32(min(steps[j], limit - 1.0))
                pixels[j] = -1
                busy -= 1
            inside[j] = 0.0
            while upcoming < counts.size and counts[upcoming] != UNKNOWN:
                upcoming += 1
            if upcoming < counts.size:
                pixels[j] = upcoming
                zx[j] = xs[upcoming % xs.size]
                zy[j] = ys[upcoming // xs.size]
                inside[j] = 1.0
                steps[j] = 0.0
                busy += 1
                upcoming += 1
        if busy == 0:
            break
        for j in range(LANES):
            zx[j], zy[j], inside[j], steps[j] = _stride(zx[j], zy[j], inside[j], steps[j], cx, cy)
        for disc in range(trap.shape[0]):
            for j in range(LANES):
                dx = zx[j] - trap[disc, 0]
                dy = zy[j] - trap[disc, 1]
                caught = dx * dx + dy * dy < trap[disc, 2] and inside[j] == 1.0
                steps[j] = limit if caught else steps[j]
    lanes[0] = zx
    lanes[1] = zy
    lanes[2] = inside
    lanes[3] = steps
    return upcoming, busy > 0
