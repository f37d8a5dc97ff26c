# SPDX-License-Identifier: Apache-2.0
"""What one chooses in the explorer: sizes, formulas, colours, keys."""

import base64
from functools import cache
from typing import NamedTuple

from faafo.fractal import palette as palettes
from faafo.fractal.drawing import Formula


class Size(NamedTuple):
    """A size of a picture in pixels, and what it is for."""

    width: int
    height: int
    use: str


SIZES = (
    Size(1280, 720, "HD ready"),
    Size(1920, 1080, "HD"),
    Size(2560, 1440, "QHD"),
    Size(3840, 2160, "4K"),
    Size(7680, 4320, "8K"),
    Size(1080, 2400, "phone"),
    Size(2064, 2752, "tablet"),
    Size(1024, 1024, "square"),
    Size(7016, 4961, "A2, 300 dpi"),
    Size(4961, 7016, "A2 upright, 300 dpi"),
)
# Of films, of which there are many frames.
FILM_SIZES = (
    Size(640, 360, "small"),
    Size(1280, 720, "HD ready"),
    Size(1920, 1080, "HD"),
    Size(720, 720, "square"),
    Size(720, 1280, "upright"),
)
# What "Play" and "Film this" do with c.
PATHS = {
    "round-0": "circle round 0",
    "round-a": "circle round mark A",
    "line": "line from A to B",
}
ZOOM = {"zoom": "zoom from the whole set"}
FORMULAE = {
    Formula.Z2: "z² + c",
    Formula.Z3: "z³ + c",
    Formula.Z4: "z⁴ + c",
    Formula.BURNING_SHIP: "Burning Ship",
    Formula.TRICORN: "Tricorn",
}
INSIDES = {"#000000": "black", "#ffffff": "white", "#1b2a49": "dark blue", "#7a1f1f": "dark red"}
# Keys, and what they do, as the help lists them.
KEYS = (
    (("←", "→", "↑", "↓"), "move the plane, or c when the focus is in the small picture"),
    (("+", "-"), "zoom in, zoom out; with Shift three levels"),
    (("h",), "the whole set"),
    (("m",), "swap the Julia set and the Mandelbrot set"),
    (("c",), "in the Mandelbrot set: take the middle as c"),
    (("r",), "surprise me: another c"),
    (("p",), "play c along its path, or stop"),
    (("[", "]"), "set mark A, mark B to c"),
    (("n", "N"), "next palette, previous palette"),
    (("o", "O"), "shift the colours up, down"),
    (("d", "D"), "colours change faster, slower"),
    (("s",), "smooth colours or bands"),
    (("i",), "automatic iterations on, off"),
    (("u", "U"), "undo, redo: Back and Forward"),
    (("f",), "full screen"),
    (("l",), "copy the link"),
    (("?",), "this help"),
)


@cache
def colours_of(palette: str) -> str:
    """Return red, green and blue of each colour of ``palette``, a byte each, in base 64."""
    return base64.b64encode(bytes(palettes.flat(palette))).decode()
