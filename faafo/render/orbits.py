# SPDX-License-Identifier: Apache-2.0
"""What the kernel works on: an iteration, a list of orbits, and the state between two calls."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faafo.render.lanes import LANES

# The number of steps between two checks of the orbits of the list. A prime, so that a trap has few
# discs (see find_trap).
STRIDE = 7
# The largest |c| of pictures whose orbits are tested once a stride; see stride_for.
MODEST = 1.99
# A row is begun when fewer orbits than this are in the list: enough to fill the lanes, and few
# enough for the processor's nearest caches.
FEW = 1024


class Julia(NamedTuple):
    """The iteration z -> z² + c with c = cx + cy·i, up to ``iterations`` times.

    ``stride`` is the number of steps between two checks of the orbits of the list (``stride_for``).
    With sizes (see ``kernel.fill``) the ``formula`` may be another one, by its number in
    ``formulas``, and orbits escape when |z|² > ``bound``.
    """

    cx: float
    cy: float
    iterations: int
    stride: int
    bound: float = 4.0
    formula: int = 0


class Orbits(NamedTuple):
    """A list of orbits, by column: the point z = x + y·i, the number of steps inside, the pixel.

    ``pixel`` is an index of the counts. The columns are longer than the number of orbits by the
    elements that ``append`` may overwrite.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    steps: NDArray[np.int64]
    pixel: NDArray[np.int64]


class Cursor(NamedTuple):
    """The state between two calls: the next ``row`` to begin, the number of orbits ``under_way``.

    The pixels from ``first`` to before ``last`` of the previous row are in the disc of radius 2.
    """

    row: int
    first: int
    last: int
    under_way: int


def stride_for(cx: float, cy: float) -> int:
    """Return the number of steps after which one test finds all orbits that escape in them.

    Where |c| <= MODEST and |z| > 2, |z² + c| >= |z|² - |c| > |z| by far more than rounding: an
    orbit that has escaped is outside at every later step (or infinite, or not a number, which no
    test takes for inside). For other c it may return, so each step is tested.
    """
    return STRIDE if cx * cx + cy * cy <= MODEST * MODEST else 1


def new_orbits(width: int) -> Orbits:
    """Return an empty list with the capacity for rows of ``width`` pixels."""
    size = FEW + width + LANES
    return Orbits(np.empty(size), np.empty(size), np.empty(size, int), np.empty(size, int))
