# SPDX-License-Identifier: Apache-2.0
"""The words for the parameters of a fractal: on its page and in the form as in the explorer."""

from typing import Any

from faafo.fractal.drawing import Colouring
from faafo.web.explorer_choices import FORMULAE

LABELS = {
    "width": "Width in pixels",
    "height": "Height in pixels",
    "iterations": "Iterations",
    "xa": "Left, real",
    "xb": "Right, real",
    "ya": "Top, imaginary",
    "yb": "Bottom, imaginary",
    "cx": "Real part of c",
    "cy": "Imaginary part of c",
    "formula": "Formula",
    "palette": "Palette",
    "colouring": "Colouring",
    "samples": "Samples a pixel",
    "offset": "Offset",
    "density": "Density",
    "inside": "Inside",
}
COLOURINGS: dict[str, str] = {one: one.value for one in Colouring}
OF_THE_PALETTE = "that of the palette"


def samples_in_words(samples: int) -> str:
    """Return how many points of a pixel are averaged."""
    return f"{samples} × {samples}"


def value_in_words(name: str, value: Any) -> str:
    """Return the value of a parameter as a fractal's page shows it."""
    if name == "formula":
        return FORMULAE.get(value, value)
    if name == "colouring":
        return COLOURINGS.get(value, value)
    if name == "samples":
        return samples_in_words(value)
    if name == "inside":
        return value or OF_THE_PALETTE
    if name in ("width", "height", "iterations"):
        return f"{value:,}"
    if name in ("offset", "density"):
        return f"{value:.15g}"
    return str(value)
