# SPDX-License-Identifier: Apache-2.0
"""The trap: discs around an attracting cycle that no orbit leaves again, so none escapes.

Every attracting cycle of z -> z² + c attracts the orbit of the critical point 0 (Fatou; see
J. Milnor, Dynamics in One Complex Variable, theorem 8.6), so that orbit finds the cycle if there
is one. A disc of radius r around w is mapped into the disc of radius 2|w|r + r² around w² + c,
since |z² - w²| = |z - w| |z + w|. If after one period the image lies strictly inside of the disc
that we began with, then whatever enters it stays in these discs for ever.
"""

import math

import numpy as np
from numpy.typing import NDArray

from faafo.render.jit import compiled

# After how many steps the critical orbit is looked at, and the longest cycle that is looked for.
LOOKS = (64, 256, 1024, 4096, 20_000)
MAX_PERIOD = 256
# Points of the critical orbit that are no further apart may belong to one cycle.
CLOSE = 1e-3

LARGEST_RADIUS = 1.5
SMALLEST_RADIUS = 1e-9
SHRINK = 0.8

# The kernel computes with doubles. One step of it, or of the cycle here, is off by less than
# ROUNDING while |z| <= 2; discs end INSIDE short of |z| = 2, where the stop test is.
ROUNDING = 1e-13
INSIDE = 1e-9


@compiled
def find_trap(cx: float, cy: float, stride: int, iterations: int) -> NDArray[np.float64]:
    """Return discs such that an orbit of z -> z² + c that enters one never escapes.

    It is not looked for after so many ``iterations``: what takes 0 longer to reach than orbits of
    the picture have steps, they do not reach in time.
    The result has shape (n, 3): centre x, centre y, squared radius; n = 0 when no trap was found.
    There are as many discs, at successive points of the cycle, as an orbit that is looked at
    every ``stride`` steps only needs to be seen in one of them.
    """
    c = complex(cx, cy)
    z = 0j
    steps = 0
    for target in LOOKS:
        if target > iterations:
            break
        while steps < target:
            z = z * z + c
            steps += 1
            if z.real * z.real + z.imag * z.imag > 4.0:
                return np.empty((0, 3))
        trap = _trap_at(z, c, stride)
        if trap.size:
            return trap
    return np.empty((0, 3))


@compiled
def _trap_at(start, c, stride):
    """Look for the shortest cycle near ``start`` that has a trap."""
    cycle = np.empty(MAX_PERIOD, np.complex128)
    returned = start
    closest = CLOSE
    for period in range(1, MAX_PERIOD + 1):
        cycle[period - 1] = returned
        returned = returned * returned + c
        apart = returned - start
        # Multiples of a period that has no trap come about as close, and have none either.
        if apart.real * apart.real + apart.imag * apart.imag < closest * closest:
            gap = abs(apart)
            closest = gap / 10
            radii = _largest_radii(cycle[:period], gap)
            if radii.size:
                return _discs(cycle, radii, math.gcd(stride, period))
    return np.empty((0, 3))


@compiled
def _largest_radii(cycle, gap):
    """Return the radii of the largest discs around ``cycle`` that are a trap; none if none is."""
    radii = np.empty(cycle.size + 1)
    radii[0] = LARGEST_RADIUS
    while radii[0] > SMALLEST_RADIUS:
        if _stays_inside(cycle, radii) and radii[-1] + gap < radii[0]:
            return radii[:-1]
        radii[0] *= SHRINK
    return radii[:0]


@compiled
def _stays_inside(cycle, radii):
    """Fill in the radii at each point of the cycle and after it; tell whether all discs fit."""
    for i in range(cycle.size):
        distance = abs(cycle[i])
        if distance + radii[i] > 2.0 - INSIDE:
            return False
        radii[i + 1] = 2.0 * distance * radii[i] + radii[i] * radii[i] + ROUNDING
    return True


@compiled
def _discs(cycle, radii, count):
    discs = np.empty((count, 3))
    for i in range(count):
        discs[i, 0] = cycle[i].real
        discs[i, 1] = cycle[i].imag
        # A little smaller than proven, for the rounding of the kernel's own comparison.
        discs[i, 2] = radii[i] * radii[i] * (1.0 - 1e-9)
    return discs
