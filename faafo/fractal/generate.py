# SPDX-License-Identifier: Apache-2.0
"""Random tasks, and the choice of a Julia constant c that gives an interesting picture."""

import random
import uuid as uuidlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from faafo.fractal import palette as palettes
from faafo.fractal.drawing import Formula
from faafo.fractal.steps import critical_count
from faafo.fractal.task import FractalTask


class Style(StrEnum):
    """How random tasks are made: from ranges, as the first faafo did, or with taste."""

    CLASSIC = "classic"
    TASTE = "taste"


# The constant of an interesting picture lies near the edge of the Mandelbrot set: its own orbit
# escapes, but slowly. Both are numbers of steps, and themselves excluded.
SLOWEST_DULL_ESCAPE = 10
FASTEST_DULL_ESCAPE = 100
MAX_TRIES = 1000

# The ranges of the first faafo, from which it drew these parameters: the second end is the one with
# the larger magnitude. c is then chosen within the window.
RANGES: Mapping[str, tuple[float, float]] = {
    "width": (256, 1024),
    "height": (256, 1024),
    "iterations": (128, 512),
    "xa": (-1.0, -4.0),
    "xb": (1.0, 4.0),
    "ya": (-0.5, -3.0),
    "yb": (0.5, 3.0),
}
RANGED = tuple(RANGES)

# By formula: used when the window has no such point, or too few iterations to find one.
KNOWN_GOOD_CONSTANTS: Mapping[str, Sequence[tuple[float, float]]] = {
    Formula.Z2: (
        (-0.8, 0.156),
        (-0.7269, 0.1889),
        (-0.70176, -0.3842),
        (-0.4, 0.6),
        (-0.835, -0.2321),
        (0.285, 0.01),
    ),
    Formula.Z3: ((-0.381, 0.645), (0.347, 0.715), (0.205, 0.857), (0.602, 0.267)),
    Formula.Z4: ((-0.228, -0.538), (0.49, 0.622), (-0.733, -0.291), (-0.105, 0.694)),
    Formula.BURNING_SHIP: ((0.518, -0.809), (0.681, -1.023), (0.407, -0.601), (0.492, -0.762)),
    Formula.TRICORN: ((0.334, 0.809), (0.351, 0.497), (-0.576, -0.061), (-0.55, 0.05)),
}


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

    The orbit is that of the task's formula. The original faafo chose c in the same way, without the
    limit of ``MAX_TRIES``.
    """
    for _ in range(MAX_TRIES):
        cx = rng.uniform(task.xa, task.xb)
        cy = rng.uniform(task.ya, task.yb)
        steps = min(task.iterations, FASTEST_DULL_ESCAPE + 1)
        # The last step counts as an escape, as it does in a picture.
        count = min(critical_count(task.formula, complex(cx, cy), steps), steps - 1)
        if SLOWEST_DULL_ESCAPE < count < FASTEST_DULL_ESCAPE:
            return cx, cy
    return rng.choice(KNOWN_GOOD_CONSTANTS[task.formula])
