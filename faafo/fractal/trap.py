"""The trap: discs around an attracting cycle that no orbit leaves again, so none escapes.

Every attracting cycle of z -> z² + c attracts the orbit of the critical point 0 (Fatou; see
J. Milnor, Dynamics in One Complex Variable, theorem 8.6), so that orbit finds the cycle if there
is one. A disc of radius r around w is mapped into the disc of radius 2|w|r + r² around w² + c,
since |z² - w²| = |z - w| |z + w|. If after one period the image lies strictly inside of the disc
that we began with, then whatever enters it stays in these discs for ever.
"""

import math

import numpy as np

# How long the critical orbit is followed, and the longest cycle that is looked for.
MAX_STEPS = 20_000
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

NO_TRAP = np.empty((0, 3))


def find_trap(cx: float, cy: float, stride: int) -> np.ndarray:
    """Return discs such that an orbit of z -> z² + c that enters one never escapes.

    The result has shape (n, 3): centre x, centre y, squared radius; n = 0 when no trap was found.
    There are as many discs, at successive points of the cycle, as an orbit that is looked at
    every ``stride`` steps only needs to be seen in one of them.
    """
    c = complex(cx, cy)
    z = 0j
    steps = 0
    for target in (64, 256, 1024, 4096, MAX_STEPS):
        while steps < target:
            z = z * z + c
            steps += 1
            if z.real * z.real + z.imag * z.imag > 4.0:
                return NO_TRAP
        trap = _trap_at(z, c, stride)
        if trap is not None:
            return trap
    return NO_TRAP


def _trap_at(start: complex, c: complex, stride: int) -> np.ndarray | None:
    """Look for the shortest cycle near ``start`` that has a trap."""
    cycle = [start]
    closest = CLOSE
    for period in range(1, MAX_PERIOD + 1):
        returned = cycle[-1] * cycle[-1] + c
        gap = abs(returned - start)
        # Multiples of a period that has no trap come about as close, and have none either.
        if gap < closest:
            closest = gap / 10
            radii = _largest_radii(cycle, gap)
            if radii is not None:
                return _discs(cycle, radii, math.gcd(stride, period))
        cycle.append(returned)
    return None


def _largest_radii(cycle: list[complex], gap: float) -> list[float] | None:
    """Return the radii of the largest discs around ``cycle`` that are a trap."""
    radius = LARGEST_RADIUS
    while radius > SMALLEST_RADIUS:
        radii = _propagate(cycle, radius)
        if radii is not None and radii[-1] + gap < radius:
            return radii[:-1]
        radius *= SHRINK
    return None


def _propagate(cycle: list[complex], radius: float) -> list[float] | None:
    """Return the radius at each point of the cycle and after it; None when one leaves |z| < 2."""
    radii = [radius]
    for point in cycle:
        radius = radii[-1]
        if abs(point) + radius > 2.0 - INSIDE:
            return None
        radii.append(2.0 * abs(point) * radius + radius * radius + ROUNDING)
    return radii


def _discs(cycle: list[complex], radii: list[float], count: int) -> np.ndarray:
    # A little smaller than proven, for the rounding of the kernel's own comparison.
    pairs = list(zip(cycle, radii, strict=True))[:count]
    return np.array([(w.real, w.imag, r * r * (1.0 - 1e-9)) for w, r in pairs])
