# SPDX-License-Identifier: Apache-2.0
"""The words for the parameters of a fractal: the same on its page and in the form."""

from typing import Any

from faafo.fractal.drawing import Colouring
from faafo.web.explorer_choices import FORMULAE

LABELS = {
    "width": "Width in pixels",
    "height": "Height in pixels",
    "iterations": "Iterations",
    "xa": "Left, real part",
    "xb": "Right, real part",
    "ya": "Top, imaginary part",
    "yb": "Bottom, imaginary part",
    "cx": "Real part of c",
    "cy": "Imaginary part of c",
    "formula": "Formula",
    "palette": "Palette",
    "colouring": "Colouring",
    "samples": "Points in a pixel",
    "offset": "Offset in the palette",
    "density": "Density of colours",
    "inside": "Colour of the inside",
}
COLOURINGS: dict[str, str] = {Colouring.BANDS: "Bands", Colouring.SMOOTH: "Smooth"}
OF_THE_PALETTE = "that of the palette"


def samples_in_words(samples: int) -> str:
    """Return how many points of a pixel are averaged."""
    return f"{samples} × {samples}" if samples > 1 else "1"


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
