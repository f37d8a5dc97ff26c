# SPDX-License-Identifier: Apache-2.0
"""Tasks with all formulas, colourings and numbers of samples, and a digest of their pictures."""

import hashlib
import itertools

from faafo.fractal.drawing import Formula
from faafo.fractal.task import FractalTask
from faafo.render.image import render

VALUES = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "width": 11,
    "height": 7,
    "iterations": 60,
    "xa": -1.9,
    "xb": 1.8,
    "ya": -1.3,
    "yb": 1.2,
    "cx": -0.6,
    "cy": 0.4,
    "palette": "lagoon",
}


def drawing(**changes):
    """Return a small task."""
    return FractalTask(**{**VALUES, **changes})


def drawings():
    """Return tasks of which each has another formula, colouring or number of samples."""
    kinds = itertools.product(Formula, ("bands", "smooth"), (1, 2, 3, 4))
    return [
        drawing(formula=formula, colouring=colouring, samples=samples, density=1.5, offset=0.3)
        for formula, colouring, samples in kinds
    ]


def drawings_digest():
    """Return a digest of all pixels; they are large enough to fill the lanes."""
    digest = hashlib.sha256()
    for task in drawings():
        digest.update(render(task.model_copy(update={"width": 67, "height": 41})).tobytes())
    return digest.hexdigest()
