# SPDX-License-Identifier: Apache-2.0
"""Steps of orbits by any formula, which keep the size |z|² that an orbit has when it escapes.

The order of operations is part of a formula: another one gives other counts.
"""

import math
from typing import NamedTuple

from faafo.fractal.drawing import Formula
from faafo.render.jit import inlined
from faafo.render.lanes import choose, count_up, splat
from faafo.render.orbits import STRIDE

# What the kernel calls the formulas.
Z2, Z3, Z4, BURNING_SHIP, TRICORN = range(5)
NUMBERS = {
    Formula.Z2: Z2,
    Formula.Z3: Z3,
    Formula.Z4: Z4,
    Formula.BURNING_SHIP: BURNING_SHIP,
    Formula.TRICORN: TRICORN,
}
DEGREES = {Formula.Z3: 3, Formula.Z4: 4}


class Bailout(NamedTuple):
    """Where an orbit counts as escaped: |z|² > ``bound``.

    From |z| = 2 it takes an orbit about ``more`` steps to get there.
    """

    bound: float
    more: int


# Within the disc of radius 2, as the plain loop has it.
PLAIN = Bailout(4.0, 0)
# The logarithm of log |z| grows by log degree with a step of an orbit that is far outside, but for
# a term of the size |c| / |z|². These make it less than 10⁻⁵ of a step.
FAR, FURTHER = 2.0**16, 2.0**128
NEARBY = 4.0


def degree_of(formula: str) -> int:
    """Return the power of |z| by which orbits grow that are far outside."""
    return DEGREES.get(Formula(formula), 2)


def far_bailout(formula: str, cx: float, cy: float) -> Bailout:
    """Return the bailout for fractional counts; with it every orbit that has escaped stays out."""
    bound = FAR if cx * cx + cy * cy <= NEARBY * NEARBY else FURTHER
    steps = math.log2(math.log2(bound) / 2.0) / math.log2(degree_of(formula))
    # The steps are at least 0.1 from the next integer, so that rounding does not matter.
    return Bailout(bound, math.ceil(steps - 1e-6))


@inlined
def move(x, y, julia):
    """Return x and y after one step of the orbits in all lanes."""
    a = x * x - y * y
    b = (x + x) * y
    if julia.formula == Z3:
        return a * x - b * y + splat(julia.cx), a * y + b * x + splat(julia.cy)
    if julia.formula == Z4:
        return a * a - b * b + splat(julia.cx), (a + a) * b + splat(julia.cy)
    if julia.formula == BURNING_SHIP:
        return a + splat(julia.cx), choose(b < splat(0.0), splat(julia.cy) - b, b + splat(julia.cy))
    if julia.formula == TRICORN:
        return a + splat(julia.cx), splat(julia.cy) - b
    return a + splat(julia.cx), b + splat(julia.cy)


@inlined
def move_often(x, y, julia):
    """Return x and y after STRIDE - 1 steps; those of z² + c have a loop of their own."""
    if julia.formula == Z2:
        for _ in range(STRIDE - 1):
            x, y = x * x - y * y + splat(julia.cx), (x + x) * y + splat(julia.cy)
    else:
        for _ in range(STRIDE - 1):
            x, y = move(x, y, julia)
    return x, y


@inlined
def sized_step(x, y, steps, inside, size, julia):
    """Return x, y, steps, inside and size after one more step of the orbits in all lanes.

    ``inside`` holds until an orbit has escaped; ``steps`` counts those made inside, and ``size`` is
    |z|² after them.
    """
    now = x * x + y * y
    size = choose(inside, now, size)
    inside = inside & (now <= splat(julia.bound))
    steps = count_up(steps, inside)
    x, y = move(x, y, julia)
    return x, y, steps, inside, size
