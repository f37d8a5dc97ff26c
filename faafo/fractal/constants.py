# SPDX-License-Identifier: Apache-2.0
"""Julia constants that have a name.

Centres have a critical orbit that returns to 0: these sets have the most room inside. Most of the
names are in H.-O. Peitgen, P. H. Richter, The Beauty of Fractals (1986), and in J. Milnor, Dynamics
in One Complex Variable (2006).
"""

from typing import NamedTuple


class Constant(NamedTuple):
    """A constant c = cx + cy·i, the name of its Julia set, and a remark on its dynamics."""

    name: str
    cx: float
    cy: float
    what: str


CONSTANTS = (
    Constant("Douady rabbit", -0.12256116687665362, 0.7448617666197442, "centre of period 3"),
    Constant("Airplane", -1.7548776662466927, 0.0, "real centre of period 3"),
    Constant("Basilica", -1.0, 0.0, "centre of period 2"),
    Constant("Kokopelli", -0.15652016683375508, 1.0322471089228318, "centre of period 4"),
    Constant("San Marco", -0.75, 0.0, "parabolic, between periods 1 and 2"),
    Constant("Cauliflower", 0.25, 0.0, "parabolic, the cusp of the Mandelbrot set"),
    # e^(2πit)/2 - e^(4πit)/4 with the golden mean t = (√5 - 1)/2.
    Constant("Siegel disc", -0.3905408702184008, -0.5867879073469686, "golden mean rotation"),
    Constant("Dendrite", 0.0, 1.0, "0 meets a cycle after two steps: no interior"),
    Constant("Spiral", -0.10109636384562216, 0.9562865108091415, "0 meets a fixed point"),
    Constant("Dragon", 0.360284, 0.100376, "close to a centre of period 8"),
    Constant("Seahorse", -0.7269, 0.1889, "outside, in the seahorse valley"),
    Constant("Galaxies", -0.70176, -0.3842, "outside: dust"),
)
