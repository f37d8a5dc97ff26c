# SPDX-License-Identifier: Apache-2.0
"""Escape counts, computed by plain Python, NumPy, numba and C."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from faafo.fractal.task import FractalTask
from tests.plain_loop import plain_counts

Peer = Callable[[FractalTask], np.ndarray]

SOURCE = Path(__file__).parent / "julia.c"
# As fast as the compiler can, but without fused operations: they give other counts.
COMPILE = ("cc", "-O3", "-ffp-contract=off", "-shared", "-fPIC")
VARIANTS = {
    "scalar": "C, scalar",
    "gcc_vectors_1": "C, GCC's vectors, 8 pixels",
    "gcc_vectors_4": "C, GCC's vectors, 4 × 8 pixels",
    "neon_1": "C, NEON, 2 pixels",
    "neon_2": "C, NEON, 2 × 2 pixels",
    "neon_4": "C, NEON, 4 × 2 pixels",
    "sse2_1": "C, SSE2, 2 pixels",
    "sse2_2": "C, SSE2, 2 × 2 pixels",
    "sse2_4": "C, SSE2, 4 × 2 pixels",
    "avx2_1": "C, AVX2, 4 pixels",
    "avx2_2": "C, AVX2, 2 × 4 pixels",
    "avx2_4": "C, AVX2, 4 × 4 pixels",
    "avx512_1": "C, AVX-512, 8 pixels",
    "avx512_2": "C, AVX-512, 2 × 8 pixels",
    "avx512_4": "C, AVX-512, 4 × 8 pixels",
}
# Columns that vectors of 4 × 8 pixels may read beyond the last one.
PADDING = 32


class _Julia(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "iterations")),
        *((name, ctypes.c_double) for name in ("cx", "cy")),
    )


def compiled_in_c(directory: Path, march: str = "native") -> dict[str, Peer]:
    """Compile the peers in C in ``directory`` for the processors ``march``; return what there is.

    Those with the widest vectors come last.
    """
    library = directory / "julia.so"
    subprocess.run([*COMPILE, f"-march={march}", "-o", library, SOURCE], check=True)
    loaded = ctypes.CDLL(str(library))
    return {
        label: _peer_in_c(getattr(loaded, name))
        for name, label in VARIANTS.items()
        if hasattr(loaded, name)
    }


def _peer_in_c(function: Callable) -> Peer:
    def count(task: FractalTask) -> np.ndarray:
        xs, ys = places(task)
        xs = np.append(xs, np.full(PADDING, 9.0))
        counts = np.empty((task.height, task.width), np.int32)
        julia = _Julia(task.width, task.height, task.iterations, task.cx, task.cy)
        arrays = (array.ctypes.data_as(ctypes.c_void_p) for array in (counts, xs, ys))
        function(*arrays, ctypes.byref(julia))
        return counts

    return count


def places(task: FractalTask) -> tuple[np.ndarray, np.ndarray]:
    """Return the real parts of the columns, and the imaginary parts of the rows."""
    xs = np.arange(task.width) * (task.xb - task.xa) / (task.width - 1) + task.xa
    ys = np.arange(task.height) * (task.yb - task.ya) / (task.height - 1) + task.ya
    return xs, ys


def in_python(task: FractalTask) -> np.ndarray:
    """Count as the original faafo does."""
    return np.array(plain_counts(task), np.int32)


def in_numpy(task: FractalTask) -> np.ndarray:
    """Count step by step for all pixels that are still inside."""
    xs, ys = places(task)
    x, y = (side.ravel() for side in np.meshgrid(xs, ys))
    pixels = np.arange(x.size)
    counts = np.full(x.size, task.iterations - 1, np.int32)
    for step in range(task.iterations):
        xx, yy = x * x, y * y
        inside = xx + yy <= 4.0
        counts[pixels[~inside]] = step
        x, y, xx, yy, pixels = x[inside], y[inside], xx[inside], yy[inside], pixels[inside]
        x, y = xx - yy + task.cx, 2.0 * x * y + task.cy
    return counts.reshape(task.height, task.width)


def in_numba(task: FractalTask) -> np.ndarray:
    """Count by the plain loop, compiled by numba."""
    xs, ys = places(task)
    counts = np.empty((task.height, task.width), np.int32)
    _plain_loop(counts, xs, ys, task.iterations, task.cx, task.cy)
    return counts


@numba.njit(nogil=True)
def _plain_loop(counts, xs, ys, iterations, cx, cy):
    for row in range(ys.size):
        for column in range(xs.size):
            x, y = xs[column], ys[row]
            count = iterations - 1
            for i in range(iterations):
                if x * x + y * y > 4.0:
                    count = i
                    break
                x, y = x * x - y * y + cx, 2.0 * x * y + cy
            counts[row, column] = count
