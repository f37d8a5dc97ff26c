# SPDX-License-Identifier: Apache-2.0
"""The trap: discs around an attracting cycle that no orbit leaves, so that none of them escapes.

Every attracting cycle of z -> z^d + c attracts the orbit of the critical point 0 (Fatou; see
J. Milnor, Dynamics in One Complex Variable, theorem 8.6), so that this orbit leads to the cycle if
there is one. A disc of radius r around w is mapped into the disc of radius (|w| + r)^d - |w|^d
around w^d + c: for u = z - w, z^d - w^d is a sum of products of w and u, of which |w| and r are the
largest sizes. If after one period the image of the first disc lies strictly inside of it, an orbit
that enters one of the discs never leaves them.

The Tricorn squares the conjugate of z, which is as far from that of w as z is from w. The Burning
Ship squares |x| + i |y|, no farther from that of w. So the discs of d = 2 hold for both. They may
have attracting cycles that 0 does not lead to: those are not found.
"""

import math

import numpy as np
from numpy.typing import NDArray

from faafo.render.formulas import BURNING_SHIP, TRICORN, Z2, Z3, Z4
from faafo.render.jit import compiled, inlined

# The steps of the critical orbit after which a cycle is searched, and the longest period.
SEARCHES_AT = (64, 256, 1024, 4096, 20_000)
MAX_PERIOD = 256
# Points of the critical orbit that are closer than this may be the same point of a cycle.
CLOSE = 1e-3

LARGEST_RADIUS = 1.5
SMALLEST_RADIUS = 1e-9
SHRINK = 0.8

# The kernel computes in doubles. The error of one step, there and of the cycle here, is less than
# ROUNDING while |z| <= 2. Discs end at least INSIDE before |z| = 2, the bound of the escape test.
ROUNDING = 1e-13
INSIDE = 1e-9


@compiled
def find_trap(
    cx: float, cy: float, stride: int, iterations: int, formula: int = Z2
) -> NDArray[np.float64]:
    """Return discs such that an orbit by ``formula`` that enters one never escapes.

    The result has shape (n, 3): centre x, centre y, squared radius; n = 0 when no trap was found.
    The discs are at the first gcd(``stride``, period) points of the cycle: these are enough for an
    orbit in the trap to be found in one of them when it is checked every ``stride`` steps.
    The search ends after ``iterations`` steps of the critical orbit: a cycle that it reaches later
    is of no use to the orbits of the picture, which have no more steps.
    """
    c = complex(cx, cy)
    z = 0j
    steps = 0
    for target in SEARCHES_AT:
        if target > iterations:
            break
        while steps < target:
            z = _next(z, c, formula)
            steps += 1
            if z.real * z.real + z.imag * z.imag > 4.0:
                return np.empty((0, 3))
        trap = _trap_at(z, c, stride, formula)
        if trap.size:
            return trap
    return np.empty((0, 3))


@compiled
def _trap_at(start, c, stride, formula):
    """Return the discs of the shortest cycle near ``start`` that has a trap, shape (n, 3)."""
    cycle = np.empty(MAX_PERIOD, np.complex128)
    returned = start
    closest = CLOSE
    for period in range(1, MAX_PERIOD + 1):
        cycle[period - 1] = returned
        returned = _next(returned, c, formula)
        apart = returned - start
        # Multiples of a period that has no trap come about as close, and have none either.
        if apart.real * apart.real + apart.imag * apart.imag < closest * closest:
            gap = abs(apart)
            closest = gap / 10
            radii = _largest_radii(cycle[:period], gap, formula)
            if radii.size:
                return _discs(cycle, radii, math.gcd(stride, period))
    return np.empty((0, 3))


@compiled
def _largest_radii(cycle, gap, formula):
    """Return the radii of the largest discs around ``cycle`` that form a trap, or no radii."""
    radii = np.empty(cycle.size + 1)
    radii[0] = LARGEST_RADIUS
    while radii[0] > SMALLEST_RADIUS:
        if _stays_inside(cycle, radii, formula) and radii[-1] + gap < radii[0]:
            return radii[:-1]
        radii[0] *= SHRINK
    return radii[:0]


@compiled
def _stays_inside(cycle, radii, formula):
    """Compute the radii at each point of the cycle and after it; return whether all discs fit."""
    for i in range(cycle.size):
        distance = abs(cycle[i])
        if distance + radii[i] > 2.0 - INSIDE:
            return False
        radii[i + 1] = _mapped_radius(distance, radii[i], formula) + ROUNDING
    return True


@inlined
def _next(z, c, formula):
    """Return the next point of an orbit."""
    if formula == BURNING_SHIP:
        z = complex(abs(z.real), abs(z.imag))
    elif formula == TRICORN:
        z = z.conjugate()
    square = z * z
    if formula == Z3:
        return square * z + c
    if formula == Z4:
        return square * square + c
    return square + c


@inlined
def _mapped_radius(w, r, formula):
    """Return (w + r)^d - w^d, without the difference of large numbers."""
    if formula == Z3:
        return r * (3.0 * w * (w + r) + r * r)
    if formula == Z4:
        return r * (2.0 * w + r) * (w * w + (w + r) * (w + r))
    return 2.0 * w * r + r * r


@compiled
def _discs(cycle, radii, count):
    discs = np.empty((count, 3))
    for i in range(count):
        discs[i, 0] = cycle[i].real
        discs[i, 1] = cycle[i].imag
        # Slightly smaller than proven, for the rounding in the kernel's comparison.
        discs[i, 2] = radii[i] * radii[i] * (1.0 - 1e-9)
    return discs
