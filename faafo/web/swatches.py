# SPDX-License-Identifier: Apache-2.0
"""Swatches: the colours of a palette in a row, as a tiny picture inside the page."""

import base64
import io
from functools import cache

from PIL import Image

from faafo.fractal import palette as palettes

WIDTH = 64


@cache
def swatch(name: str) -> str:
    """Return the ``data:`` URL of a picture, WIDTH x 1 pixels, of one cycle of a palette."""
    colours = palettes.colours(name)
    cycle = colours if name == palettes.DEFAULT else colours[1:]
    image = Image.new("RGB", (WIDTH, 1))
    image.putdata([cycle[place * len(cycle) // WIDTH] for place in range(WIDTH)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
