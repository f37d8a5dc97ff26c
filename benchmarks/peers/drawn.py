# SPDX-License-Identifier: Apache-2.0
"""Pictures with smooth colours, drawn by C."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.counts import COMPILE
from faafo.fractal.palette import colours
from faafo.fractal.task import FractalTask
from faafo.render import light
from faafo.render.colouring import PACE
from faafo.render.escape import places

Drawer = Callable[[FractalTask], NDArray[np.uint8]]

SOURCE = Path(__file__).parent / "smooth.c"
# From |z| = 2 an orbit of z² + c needs this number of steps to the radius of smooth.c.
MORE_STEPS = 3


class _Drawing(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "samples", "steps", "colours")),
        *((name, ctypes.c_double) for name in ("cx", "cy", "pace")),
    )


def compiled_in_c(directory: Path) -> Drawer:
    """Compile the peer in C in ``directory``; it draws z² + c, in palettes with an inside."""
    library = directory / "smooth.so"
    subprocess.run([*COMPILE, "-march=native", "-o", library, SOURCE, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).smooth
    encode = light.encoded()

    def draw(task: FractalTask) -> NDArray[np.uint8]:
        cycle = np.array(light.decoded(), float)[np.array(colours(task.palette)[1:])]
        steps = task.iterations - 1 + MORE_STEPS
        drawing = _Drawing(
            task.width, task.height, task.samples, steps, len(cycle), task.cx, task.cy, PACE
        )
        xs = places(task.width, task.xa, task.xb, task.samples)
        ys = places(task.height, task.ya, task.yb, task.samples)
        out = np.empty((task.height, task.width, 3), np.uint8)
        arrays = (out, xs, ys, np.vstack([cycle, cycle[:1]]), encode)
        function(
            *(array.ctypes.data_as(ctypes.c_void_p) for array in arrays), ctypes.byref(drawing)
        )
        return out

    return draw
