# SPDX-License-Identifier: Apache-2.0
"""The parameters of a fractal to be posted, and their defaults."""

import uuid as uuidlib
from typing import Any, TypedDict

from faafo import errors
from faafo.fractal.task import FractalTask, parse_task

WIDTH = 640
HEIGHT = 480
ITERATIONS = 300
# Units of the plane that are in view at least: with |c| < 1 most Julia sets fit in.
LEAST_ACROSS = 3.2
LEAST_DOWN = 2.0
WINDOW = ("xa", "xb", "ya", "yb")


class Parameters(TypedDict, total=False):
    """The parameters of a fractal, of which none is required.

    ``width`` and ``height`` are pixels. ``iterations`` is the number of steps after which a point
    that has not escaped counts as inside. ``xa`` and ``xb`` are the real parts of the left and the
    right column, ``ya`` and ``yb`` the imaginary parts of the top and the bottom row; without them
    the window has square pixels and room for the whole set. ``c`` is the Julia constant; without it
    the service chooses one. ``uuid`` names the fractal: posting it twice makes it once, and the
    second time is refused. The others say how it is drawn: ``palette`` names the colours,
    ``formula`` is ``z2``, ``z3``, ``z4``, ``burning-ship`` or ``tricorn``, ``colouring`` is
    ``bands`` or ``smooth``, ``samples`` is 1 to 4 points along each side of a pixel. ``offset``, 0
    to 1, shifts the colours by a part of their cycle, and ``density``, 0.01 to 100, is the number
    of cycles where there is one at 1. ``inside`` is the colour of points that never escape, such
    as ``#000000``.
    """

    width: int
    height: int
    iterations: int
    xa: float
    xb: float
    ya: float
    yb: float
    c: complex
    palette: str
    formula: str
    colouring: str
    samples: int
    offset: float
    density: float
    inside: str | None
    uuid: str


def make_task(parameters: Parameters) -> FractalTask:
    """Return the task that ``parameters`` and their defaults describe.

    :raises faafo.errors.InvalidTask: when one is out of bounds; names it, its value and the bound.
    """
    given: dict[str, Any] = dict(parameters)
    defaults = {"width": WIDTH, "height": HEIGHT, "iterations": ITERATIONS}
    fields = {**defaults, "uuid": str(uuidlib.uuid4()), **given}
    if "c" in given:
        c = complex(fields.pop("c"))
        fields |= {"cx": c.real, "cy": c.imag}
    if not given.keys() & set(WINDOW):
        # Any window will do for the check of the sides, on which the default one depends.
        task = parse_task({**fields, **dict.fromkeys(WINDOW, 0.0)})
        return task.model_copy(update=default_window(task.width, task.height))
    missing = [name for name in WINDOW if name not in given]
    if missing:
        raise errors.InvalidTask(f"{missing[0]}: is missing; a window has {', '.join(WINDOW)}")
    return parse_task(fields)


def default_window(width: int, height: int) -> dict[str, float]:
    """Return the window around 0 with square pixels that has the whole set in view."""
    pixel = max(LEAST_ACROSS / width, LEAST_DOWN / height)
    x, y = pixel * width / 2, pixel * height / 2
    return {"xa": -x, "xb": x, "ya": -y, "yb": y}
