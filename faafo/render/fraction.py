# SPDX-License-Identifier: Apache-2.0
"""Fractional counts: how many steps an orbit needs to leave the disc of radius 2, continuously.

An orbit of degree d that has left far outside with |z| after n steps has the fractional count

   ν = n + 1 - log_d(log₂|z|)

which is the same, but for a term of the size |c| / |z|², whichever n one takes: a step multiplies
log |z| by d. It is the logarithm of the potential of A. Douady and J. H. Hubbard (Étude dynamique
des polynômes complexes, 1984). It is 1 where |z| = 2 and n = 0, and falls from there without a
bound, as slowly as the logarithm of a logarithm. Counts below 1 are replaced by 1 / (2 - ν), which
is as large and as steep at 1, and falls towards 0. So all fractional counts are positive, and
their slope has no jump.

All of it is IEEE arithmetic in a fixed order, so that every machine computes the same bits.
"""

import numpy as np
from numpy.typing import NDArray

from faafo.fractal.task import FractalTask
from faafo.render.bits import log2
from faafo.render.escape import Band
from faafo.render.formulas import degree_of
from faafo.render.jit import compiled

# The fractional count of points that never escape.
INSIDE = -1.0

# 1 / log₂ d by degree d.
PER_DEGREE = {2: 1.0, 3: 0.6309297535714575, 4: 0.5}


@compiled
def fractional(
    counts: NDArray[np.int32], sizes: NDArray[np.float64], largest: int, per_degree: float
) -> None:
    """Replace ``sizes``, |z|² of escaped orbits, by their fractional counts.

    Both arrays are flat. Points with the ``largest`` count get INSIDE. ``per_degree`` is
    1 / log₂ d.
    """
    for i in range(counts.size):
        steps = counts[i]
        count = steps + 1.0 - log2(0.5 * log2(sizes[i])) * per_degree
        count = 1.0 / (2.0 - count) if count < 1.0 else count
        sizes[i] = INSIDE if steps == largest else count


def fractional_counts(task: FractalTask, band: Band) -> NDArray[np.float64]:
    """Return the fractional counts of a ``band`` with sizes, in whose place they come."""
    assert band.sizes is not None
    per_degree = PER_DEGREE[degree_of(task.formula)]
    fractional(band.counts.reshape(-1), band.sizes.reshape(-1), band.largest, per_degree)
    return band.sizes
