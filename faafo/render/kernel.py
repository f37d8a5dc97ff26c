# SPDX-License-Identifier: Apache-2.0
"""The kernel: the compiled loops that compute the escape counts of rows of pixels.

Most orbits escape within a few steps. So the kernel begins a row with a few steps of all its
pixels, and appends the orbits that are still inside to a list. It iterates over the list, a stride
at a time: it moves the orbits that have escaped to a second list, drops those that never will, and
compacts the first to the others. The stride in which they escaped is repeated, step by step, for
their counts. So no lane waits for an orbit of its neighbours. When the list is short, the kernel
begins another row.
"""

import numpy as np
from numpy.typing import NDArray

from faafo.render.edges import inside_columns, outside_sizes
from faafo.render.formulas import move, move_often, sized_step
from faafo.render.jit import compiled, inlined
from faafo.render.lanes import (
    LANES,
    align_stack,
    append,
    choose,
    count,
    count_up,
    is_any,
    lane_numbers,
    load,
    splat,
    store,
)
from faafo.render.orbits import FEW, STRIDE, Cursor, Julia, Orbits

# A row is begun LANES neighbours at a time, in up to FIRST_ROUNDS rounds of FIRST_STEPS, until at
# most STRAGGLERS orbits are left inside: those are appended to the list.
FIRST_STEPS = 3
FIRST_ROUNDS = 8
STRAGGLERS = LANES // 8
# The number of strides that LANES orbits make in succession, unless one of them ends. Those that
# have made all their steps are found after them.
STRIDES = 8


@compiled
def fill(
    counts: NDArray[np.int32],
    xs: NDArray[np.float64],
    middle: int,
    ys: NDArray[np.float64],
    julia: Julia,
    trap: NDArray[np.float64],
    orbits: Orbits,
    cursor: Cursor,
    budget: int,
    sizes: NDArray[np.float64] | None,
) -> Cursor:
    """Fill in ``counts`` until all rows are done, or after about ``budget`` strides of lanes.

    ``counts`` (int32) holds one row after the other. ``xs`` are the real parts of the columns,
    followed by LANES elements of any value; ``middle`` is the column where they are nearest to 0;
    ``ys`` are the imaginary parts of the rows. Return the cursor for the next call; all counts are
    filled in when its row is ``ys.size`` and no orbit is under way.

    ``sizes``, if not None, get |z|² of each pixel as it escapes, and LANES more elements. That is
    compiled apart: it takes more time, and without it the formula is z² + c and the bound 4.
    """
    row, first, last, under_way = cursor
    width = xs.size - LANES
    spare = np.empty(xs.size, np.int32)
    room = orbits.pixel.size
    escaped = Orbits(
        np.empty(room), np.empty(room), np.empty(room, np.int64), np.empty(room, np.int64)
    )
    while budget > 0 and (row < ys.size or under_way > 0):
        while row < ys.size and under_way < FEW:
            first, last = inside_columns(xs, width, middle, ys[row], julia.bound, first, last)
            pixel = row * width
            # Elements stored beyond a row are overwritten when the next rows are begun.
            enough = pixel + width + LANES <= counts.size
            out = counts[pixel:] if enough else spare
            under_way = _begin(
                out, sizes, pixel, first, last, xs, ys[row], julia, orbits, under_way
            )
            out[:first] = 0
            out[last:width] = 0
            if sizes is not None:
                outside_sizes(sizes[pixel : pixel + width], xs, ys[row], first, last)
            if not enough:
                counts[pixel : pixel + width] = out[:width]
            row += 1
        budget -= (under_way + LANES) * STRIDES
        under_way = _advance(counts, sizes, julia, trap, orbits, escaped, under_way)
    return Cursor(row, first, last, under_way)


@inlined
def _step(x, y, steps, inside, julia):
    """Return x, y, steps and inside after one more step of the orbits in all lanes.

    ``inside`` holds until an orbit has escaped; ``steps`` counts those made inside.
    """
    xx = x * x
    yy = y * y
    inside = inside & (xx + yy <= splat(4.0))
    steps = count_up(steps, inside)
    y = (x + x) * y + splat(julia.cy)
    x = xx - yy + splat(julia.cx)
    return x, y, steps, inside


@compiled
def _begin(out, sizes, pixel, first, last, xs, y_of_row, julia, orbits, under_way):
    """Begin the orbits of the columns ``first`` to before ``last`` of the row at ``pixel``.

    Store their counts in ``out``, which begins with this row and is longer: of those that escape
    at once, and the largest of the others. Append these to the list, and return its new length.
    """
    align_stack()
    largest = julia.iterations - 1
    rounds = min(FIRST_ROUNDS, largest // FIRST_STEPS)
    for column in range(first, last, LANES):
        x = load(xs, column)
        y = splat(y_of_row)
        steps = splat(0)
        inside = lane_numbers() < splat(last - column)
        size = x
        for _ in range(rounds):
            for _ in range(FIRST_STEPS):
                if sizes is None:
                    x, y, steps, inside = _step(x, y, steps, inside, julia)
                else:
                    x, y, steps, inside, size = sized_step(x, y, steps, inside, size, julia)
            if count(inside) <= STRAGGLERS:
                break
        # What is still inside gets the count of orbits that never escape: it may be one of them.
        store(out, column, choose(inside, splat(largest), steps))
        if sizes is not None:
            store(sizes, pixel + column, size)
        if is_any(inside):
            append(orbits.x, under_way, x, inside)
            append(orbits.y, under_way, y, inside)
            append(orbits.steps, under_way, steps, inside)
            append(orbits.pixel, under_way, lane_numbers() + splat(pixel + column), inside)
            under_way += count(inside)
    return under_way


@compiled
def _advance(counts, sizes, julia, trap, orbits, escaped, under_way):
    """Advance all orbits of the list, and return how many are left in it.

    ``escaped`` is scratch memory for the orbits that escape. The others that end are left out:
    they have the largest count since they were begun.
    """
    align_stack()
    left = 0
    through = 0
    strides = min(STRIDES, 1 + julia.iterations // julia.stride)
    for start in range(0, under_way, LANES):
        x = load(orbits.x, start)
        y = load(orbits.y, start)
        steps = load(orbits.steps, start)
        pixel = load(orbits.pixel, start)
        present = lane_numbers() < splat(under_way - start)
        inside, free = present, present
        last_x, last_y = x, y
        made = 0
        for _ in range(strides):
            last_x, last_y = x, y
            x, y, inside, free = _stride(x, y, sizes, present, julia, trap)
            made += julia.stride
            if is_any(present & ~free):
                break
        steps = steps + splat(made)
        gone = present & ~inside
        if is_any(gone):
            append(escaped.x, through, last_x, gone)
            append(escaped.y, through, last_y, gone)
            append(escaped.steps, through, steps, gone)
            append(escaped.pixel, through, pixel, gone)
            through += count(gone)
        free = free & (steps < splat(julia.iterations))
        append(orbits.x, left, x, free)
        append(orbits.y, left, y, free)
        append(orbits.steps, left, steps, free)
        append(orbits.pixel, left, pixel, free)
        left += count(free)
    _finish(counts, sizes, julia, escaped, through)
    return left


@inlined
def _stride(x, y, sizes, present, julia, trap):
    """Return x, y, inside and free after ``julia.stride`` steps.

    ``inside`` holds for orbits that have not escaped before the last of these steps, ``free`` for
    those that are not in the ``trap`` after it either.
    """
    # The stride is STRIDE or 1. A constant number of steps is compiled without a loop.
    for _ in range(julia.stride // STRIDE):
        if sizes is None:
            for _ in range(STRIDE - 1):
                x, y = x * x - y * y + splat(julia.cx), (x + x) * y + splat(julia.cy)
        else:
            x, y = move_often(x, y, julia)
    if sizes is None:
        xx = x * x
        yy = y * y
        inside = present & (xx + yy <= splat(4.0))
        y = (x + x) * y + splat(julia.cy)
        x = xx - yy + splat(julia.cx)
    else:
        inside = present & (x * x + y * y <= splat(julia.bound))
        x, y = move(x, y, julia)
    free = inside
    for disc in range(trap.shape[0]):
        dx = x - splat(trap[disc, 0])
        dy = y - splat(trap[disc, 1])
        free = free & ~(dx * dx + dy * dy < splat(trap[disc, 2]))
    return x, y, inside, free


@inlined
def _finish(counts, sizes, julia, escaped, through):
    """Repeat the last stride of the first ``through`` escaped orbits; store their counts."""
    for start in range(0, through, LANES):
        x = load(escaped.x, start)
        y = load(escaped.y, start)
        steps = load(escaped.steps, start) + splat(-julia.stride)
        present = lane_numbers() < splat(through - start)
        inside, size = present, x
        for _ in range(julia.stride):
            if sizes is None:
                x, y, steps, inside = _step(x, y, steps, inside, julia)
            else:
                x, y, steps, inside, size = sized_step(x, y, steps, inside, size, julia)
        append(escaped.steps, start, steps, present)
        if sizes is not None:
            append(escaped.x, start, size, present)
    for i in range(through):
        counts[escaped.pixel[i]] = min(escaped.steps[i], julia.iterations - 1)
        if sizes is not None:
            sizes[escaped.pixel[i]] = escaped.x[i]
