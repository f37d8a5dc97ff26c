# SPDX-License-Identifier: Apache-2.0
"""The counts of a picture instead of its colours, for who colours it elsewhere."""

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from faafo.fractal.drawing import Colouring
from faafo.fractal.generate import with_constant
from faafo.fractal.task import FractalTask
from faafo.render.escape import escape_bands, ignore, never
from faafo.render.fraction import INSIDE, fractional_counts

# Little-endian float32.
VALUE = np.dtype("<f4")
# Of the 23 bits of a fraction, random ones that no compression makes shorter.
DROPPED_BITS = 12


def render_values(
    task: FractalTask,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[int], None] = ignore,
) -> bytes:
    """Return the counts of ``task``, compressed by zlib: a float32 for each pixel, row by row.

    They are fractional with smooth colouring and whole with bands, and -1 for points that never
    escape. Bytes are little-endian. Fractional ones are rounded to 12 significant bits: much
    less than from one colour to the next, for half of the bytes.

    :raises ValueError: when ``task`` has more than one sample.
    :raises faafo.errors.RenderCancelled: when ``cancelled()`` returns True.
    """
    if task.samples != 1:
        raise ValueError(f"samples: must be 1 for values, not {task.samples}")
    task = with_constant(task)
    compressor = zlib.compressobj(1)
    parts = []
    for band in escape_bands(task, cancelled, progress):
        if task.colouring == Colouring.SMOOTH:
            values = _shortened(fractional_counts(task, band).astype(VALUE))
        else:
            values = np.where(band.counts == band.largest, INSIDE, band.counts).astype(VALUE)
        parts.append(compressor.compress(values.data))
    return b"".join([*parts, compressor.flush()])


def _shortened(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round ``values`` in place to 12 significant bits, halves away from 0, and return them."""
    words = values.view("<u4")
    words += np.uint32(1 << (DROPPED_BITS - 1))
    words &= np.uint32(2**32 - 2**DROPPED_BITS)
    return values
