# SPDX-License-Identifier: Apache-2.0
"""Taste: what three hundred generated pictures, unselected, look like."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures import tasteful_tasks
from benchmarks.report import Report
from faafo.fractal.drawing import Colouring
from faafo.fractal.task import FractalTask
from faafo.render.escape import escape_counts
from faafo.render.image import render

PICTURES, SEED = 300, 20
# A pixel is nearly black where no component reaches this one, of 255.
DARK = 40
# Pixels along the longer side of the small picture in which the set is looked for, and the steps
# from which on a point is taken to belong to it.
SIDE, STEPS = 400, 20
LEAST_FILLED, MOST_FILLED = 0.55, 0.95


class Look(NamedTuple):
    """What a picture looks like: parts of 1, and the ratio of width to height of a pixel."""

    aspect: float
    is_framed: bool
    dark: float


def run(report: Report) -> None:
    """Taste."""
    report.section(
        "Taste",
        f"{PICTURES} pictures that follow each other, as the generator makes them by default. The "
        f"set: points that stay for {STEPS} steps or more. Nearly black: no component reaches "
        f"{DARK} of 255.",
    )
    tasks = tasteful_tasks(PICTURES, SEED)
    looks = []
    for number, task in enumerate(tasks):
        if number % 50 == 0:
            report.progress(f"taste: picture {number + 1} of {PICTURES}")
        looks.append(_look(task))
    rarest = min(Counter(task.palette for task in tasks).items(), key=lambda item: item[1])
    report.table(
        ["", "least", "median", "most"],
        [
            ("pixels, width to height", *_spread([look.aspect for look in looks])),
            ("nearly black", *_spread([look.dark for look in looks])),
        ],
    )
    aspects = [abs(look.aspect - 1.0) for look in looks]
    report.at_most("Pixels are square: difference of the aspect from 1", 0.01, max(aspects), "")
    framed = 100.0 * sum(look.is_framed for look in looks) / PICTURES
    report.at_least("The set is in the frame and fills 55 to 95 % of a side", 95, framed, "%")
    dark = 100.0 * sum(look.dark for look in looks) / PICTURES
    report.at_most("Nearly black, mean", 15, dark, "%")
    share = 100.0 * rarest[1] / PICTURES
    report.at_least(f"Pictures in the rarest palette ({rarest[0]})", 3, share, "%")


def _look(task: FractalTask) -> Look:
    across, down = (task.xb - task.xa) / (task.width - 1), (task.yb - task.ya) / (task.height - 1)
    dark = (np.asarray(render(task).convert("RGB")).max(axis=2) < DARK).mean()
    return Look(across / down, _is_framed(_set_of(task)), float(dark))


def _set_of(task: FractalTask) -> NDArray[np.bool_]:
    """Return which points of a small picture of the same window belong to the set."""
    pixels = SIDE / max(task.width, task.height)
    size = {"width": round(task.width * pixels), "height": round(task.height * pixels)}
    plain = {"samples": 1, "colouring": Colouring.BANDS.value}
    return escape_counts(task.model_copy(update={**size, **plain})) >= STEPS


def _is_framed(belongs: NDArray[np.bool_]) -> bool:
    rows, columns = np.flatnonzero(belongs.any(axis=1)), np.flatnonzero(belongs.any(axis=0))
    if not rows.size:
        return False
    height, width = belongs.shape
    is_inside = rows[0] > 0 and columns[0] > 0 and rows[-1] < height - 1 and columns[-1] < width - 1
    filled = max((rows[-1] - rows[0] + 1) / height, (columns[-1] - columns[0] + 1) / width)
    return bool(is_inside and LEAST_FILLED <= filled <= MOST_FILLED)


def _spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), float(np.median(values)), max(values)
