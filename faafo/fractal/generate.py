# SPDX-License-Identifier: Apache-2.0
"""Random tasks, and the choice of a Julia constant c that gives an interesting picture."""

import random
import uuid as uuidlib
from collections.abc import Mapping, Sequence

from faafo.fractal import palette as palettes
from faafo.fractal.task import FractalTask

# The constant of an interesting picture lies near the edge of the Mandelbrot set: its own orbit
# escapes, but slowly. Both are numbers of steps, and themselves excluded.
SLOWEST_DULL_ESCAPE = 10
FASTEST_DULL_ESCAPE = 100
MAX_TRIES = 1000

# The parameters that are drawn from ranges; c is then chosen within the window.
RANGED = ("width", "height", "iterations", "xa", "xb", "ya", "yb")

# Used when the window has no such point, or too few iterations to find one.
KNOWN_GOOD_CONSTANTS = (
    (-0.8, 0.156),
    (-0.7269, 0.1889),
    (-0.70176, -0.3842),
    (-0.4, 0.6),
    (-0.835, -0.2321),
    (0.285, 0.01),
)


def random_task(
    ranges: Mapping[str, tuple[float, float]],
    rng: random.Random,
    names: Sequence[str] = (palettes.DEFAULT,),
) -> FractalTask:
    """Return a random task within ``ranges``, with a uuid and a c.

    :param ranges: for each of ``RANGED`` the two ends of its range, in either order.
    :param names: the palettes to choose from.
    """
    parameters = {name: _draw(*ends, rng) for name, ends in ranges.items()}
    uuid = str(uuidlib.UUID(int=rng.getrandbits(128), version=4))
    task = FractalTask(uuid=uuid, **parameters, palette=rng.choice(names))
    return with_constant(task)


def _draw(first: float, last: float, rng: random.Random) -> float:
    """Return a random integer between two integers, both included, or else a random float."""
    if isinstance(first, int) and isinstance(last, int):
        return rng.randint(min(first, last), max(first, last))
    return rng.uniform(first, last)


def with_constant(task: FractalTask) -> FractalTask:
    """Return ``task`` with its c; one that has none gets the c that its uuid seeds."""
    if task.cx is not None:
        return task
    cx, cy = choose_constant(task, random.Random(uuidlib.UUID(task.uuid).int))
    return task.model_copy(update={"cx": cx, "cy": cy})


def choose_constant(task: FractalTask, rng: random.Random) -> tuple[float, float]:
    """Return a point c of the task's window whose own orbit escapes neither at once nor late.

    The original faafo chose c in the same way, without the limit of ``MAX_TRIES``.
    """
    for _ in range(MAX_TRIES):
        cx = rng.uniform(task.xa, task.xb)
        cy = rng.uniform(task.ya, task.yb)
        steps = min(task.iterations, FASTEST_DULL_ESCAPE + 1)
        if SLOWEST_DULL_ESCAPE < _escape_count(cx, cy, steps) < FASTEST_DULL_ESCAPE:
            return cx, cy
    return rng.choice(KNOWN_GOOD_CONSTANTS)


def _escape_count(cx: float, cy: float, iterations: int) -> int:
    """Return the last i of the plain loop for the orbit of c itself."""
    c = z = complex(cx, cy)
    for i in range(iterations):  # noqa: B007
        if z.real * z.real + z.imag * z.imag > 4.0:
            break
        z = z * z + c
    return i
