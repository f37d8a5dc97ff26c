# SPDX-License-Identifier: Apache-2.0
"""A picture with 8 × 8 points a pixel, and how far another one is from it."""

import numpy as np

from faafo.fractal.task import FractalTask
from faafo.render import light
from faafo.render.image import render

# Spirals near the valley between the head and the body of the Mandelbrot set, finer than pixels.
SEAHORSE = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "palette": "lagoon",
    "width": 480,
    "height": 270,
    "iterations": 1000,
    "cx": -0.7454,
    "cy": 0.113,
    "xa": -0.64,
    "xb": 0.64,
    "ya": -0.36,
    "yb": 0.36,
}


def fine_picture(task: FractalTask):
    """Return red, green and blue, 0 to 255, as an array of shape (height, width, 3).

    Its 8 × 8 points are those of four pictures with 4 × 4 points, each moved by a quarter of
    the distance between two.
    """
    total = np.zeros((task.height, task.width, 3))
    for right in (-1, 1):
        for down in (-1, 1):
            dx = right * (task.xb - task.xa) / (task.width - 1) / 16
            dy = down * (task.yb - task.ya) / (task.height - 1) / 16
            window = {
                "xa": task.xa + dx,
                "xb": task.xb + dx,
                "ya": task.ya + dy,
                "yb": task.yb + dy,
            }
            moved = task.model_copy(update=window | {"samples": 4})
            total += np.array(light.decoded())[np.asarray(render(moved))]
    return light.encoded()[np.rint(total / 4).astype(int)]


def distance(task: FractalTask, fine) -> float:
    """Return the root of the mean square of the difference between ``task`` drawn and ``fine``."""
    drawn = np.asarray(render(task).convert("RGB")).astype(float)
    return float(np.sqrt(np.mean((drawn - fine) ** 2)))
