# SPDX-License-Identifier: Apache-2.0
"""What a step of each formula makes of z, in plain Python."""

from collections.abc import Callable

from faafo.fractal.drawing import Formula

Step = Callable[[complex, complex], complex]


def _burning_ship(z: complex, c: complex) -> complex:
    folded = complex(abs(z.real), abs(z.imag))
    return folded * folded + c


def _tricorn(z: complex, c: complex) -> complex:
    mirrored = z.conjugate()
    return mirrored * mirrored + c


def _fourth(z: complex, c: complex) -> complex:
    square = z * z
    return square * square + c


# z after a step, of z and c.
STEP: dict[str, Step] = {
    Formula.Z2: lambda z, c: z * z + c,
    Formula.Z3: lambda z, c: z * z * z + c,
    Formula.Z4: _fourth,
    Formula.BURNING_SHIP: _burning_ship,
    Formula.TRICORN: _tricorn,
}
# The power of |z| that a step makes.
DEGREE: dict[str, int] = {
    Formula.Z2: 2,
    Formula.Z3: 3,
    Formula.Z4: 4,
    Formula.BURNING_SHIP: 2,
    Formula.TRICORN: 2,
}


def critical_count(formula: str, c: complex, steps: int) -> int:
    """Return the number of steps in which the orbit of c escapes; ``steps`` if it does not.

    It follows 0, the critical point: if it does not escape, the Julia set of a polynomial is
    connected, else it is dust (J. Milnor, Dynamics in One Complex Variable, theorem 9.5).
    """
    step, z = STEP[formula], c
    for count in range(steps):
        if z.real * z.real + z.imag * z.imag > 4.0:
            return count
        z = step(z, c)
    return steps
