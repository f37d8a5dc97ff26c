# SPDX-License-Identifier: Apache-2.0
"""Where a row of pixels crosses the disc in which orbits begin, and what lies outside of it."""

from faafo.render.jit import compiled


@compiled
def inside_columns(xs, width, middle, y, bound, first, last):
    """Return the first column of a row within |z|² <= bound, and the one after the last.

    The search starts at those of the previous row, which are close, or at the ``middle``. Rounding
    is monotonic, so that squares and sums keep their order, and no column between them is outside.
    """
    if first == last:
        first = last = middle
    yy = y * y
    while first > 0 and xs[first - 1] * xs[first - 1] + yy <= bound:
        first -= 1
    while last < width and xs[last] * xs[last] + yy <= bound:
        last += 1
    while first < last and xs[first] * xs[first] + yy > bound:
        first += 1
    while first < last and xs[last - 1] * xs[last - 1] + yy > bound:
        last -= 1
    return first, last


@compiled
def outside_sizes(sizes, xs, y, first, last):
    """Store |z|² of the columns of a row before ``first`` and from ``last`` on."""
    for column in range(first):
        sizes[column] = xs[column] * xs[column] + y * y
    for column in range(last, sizes.size):
        sizes[column] = xs[column] * xs[column] + y * y
