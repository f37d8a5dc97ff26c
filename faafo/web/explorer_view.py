# SPDX-License-Identifier: Apache-2.0
"""What the explorer shows, and its addresses."""

from typing import Annotated, Any
from urllib.parse import urlencode

from flask import url_for
from pydantic import ConfigDict, Field

from faafo.core.collaborators import collaborators
from faafo.fractal.drawing import Colouring, one_of, without_defaults
from faafo.fractal.numbers import INTEGER_TEXT, NUMBER_TEXT
from faafo.fractal.tile import EXTENT, FIRST, MAX_ZOOM, SIZE, TileStyle, max_scale, pitch
from faafo.web.explorer_choices import SIZES

THUMBNAIL_ITERATIONS = 300
# The size in pixels of the map that the window of a fractal is fitted to.
TYPICAL_WIDTH, TYPICAL_HEIGHT = 1024, 768
JULIA, MANDELBROT = "julia", "mandelbrot"
PAN_PIXELS = 256


Place = Annotated[float, Field(ge=FIRST, le=FIRST + EXTENT, allow_inf_nan=False), NUMBER_TEXT]


class View(TileStyle):
    """What the explorer shows: the Julia set, its colours, the centre and the zoom.

    A script also shows the plane of c, the Mandelbrot set, with a centre and a zoom of its own, and
    chooses the iterations itself when ``automatic`` is 1.
    """

    model_config = ConfigDict(frozen=True)

    zoom: Annotated[int, Field(ge=0, le=MAX_ZOOM), INTEGER_TEXT] = 1
    re: Place = 0.0
    im: Place = 0.0
    plane: Annotated[str, one_of((JULIA, MANDELBROT))] = JULIA
    mzoom: Annotated[int, Field(ge=0, le=MAX_ZOOM), INTEGER_TEXT] = 1
    mre: Place = -0.625
    mim: Place = 0.0
    automatic: Annotated[int, Field(ge=0, le=1), INTEGER_TEXT] = 0

    def address(self, **changes: Any) -> str:
        """Return the URL of this view with ``changes`` applied."""
        view = self.model_copy(update=changes)
        parameters = without_defaults(view.model_dump())
        parameters = {
            name: value
            for name, value in parameters.items()
            if name not in SCRIPTED or value != View.model_fields[name].default
        }
        return f"{url_for('explore.get_explorer')}?{urlencode(parameters)}"

    def moved(self, columns: int, rows: int) -> str:
        """Return the URL of the view moved right and down by a number of tiles."""
        step = PAN_PIXELS * pitch(self.zoom)
        return self.address(re=inside(self.re + columns * step), im=inside(self.im + rows * step))

    def form_address(self) -> str:
        """Return the URL of the form that posts a fractal of this view."""
        width, height, _use = SIZES[0]
        step = pitch(self.zoom) * TYPICAL_WIDTH / width
        xa, ya = self.re - width // 2 * step, self.im - height // 2 * step
        parameters = without_defaults(self.model_dump(include=set(TileStyle.model_fields)))
        parameters |= {"width": width, "height": height, "xa": xa, "ya": ya}
        parameters |= {"xb": xa + (width - 1) * step, "yb": ya + (height - 1) * step}
        return url_for("create.get_form", **parameters)

    def tiles(self) -> list[list[dict[str, str]]]:
        """Return ``src`` and ``srcset`` of the tiles around the centre, row by row.

        They are 2 x 2 tiles, or 1 at zoom 0; ``srcset`` has the scales for denser screens.
        """
        return [[self._sources(x, y) for x in self._around(self.re)] for y in self._around(self.im)]

    def _sources(self, x: int, y: int) -> dict[str, str]:
        limit = collaborators().tiles.max_iterations
        scales = [
            scale
            for scale in range(1, max_scale(self.zoom) + 1)
            if self.iterations <= limit // scale**2
        ]
        addresses = {one: tile_address(self, self.zoom, x, y, one) for one in scales}
        srcset = ", ".join(f"{address} {one}x" for one, address in addresses.items())
        return {"src": tile_address(self, self.zoom, x, y), "srcset": srcset}

    def _around(self, place: float) -> range:
        """Return the numbers of the two tiles along one side that are closest to ``place``."""
        first = round((place - FIRST) / (SIZE * pitch(self.zoom))) - 1
        last = 2**self.zoom - 1
        return range(max(0, min(first, last - 1)), min(last, max(1, first + 1)) + 1)


# What a script needs beside the rest of a view.
SCRIPTED = ("plane", "mzoom", "mre", "mim", "automatic")
# What one sees first.
DEFAULT_VIEW = View(
    cx=-0.79,
    cy=0.15,
    iterations=THUMBNAIL_ITERATIONS,
    palette="lapis",
    colouring=Colouring.SMOOTH.value,
    automatic=1,
)


def tile_address(style: TileStyle, z: int, x: int, y: int, scale: int = 1) -> str:
    """Return the URL of a tile in canonical form, so that it is cached once."""
    scaled: dict[str, Any] = {} if scale == 1 else {"scale": scale}
    return url_for(
        "tile.get_tile",
        z=z,
        x=x,
        y=y,
        **without_defaults(style.model_dump(include=set(TileStyle.model_fields))),
        **scaled,
    )


def inside(place: float) -> float:
    """Return the coordinate of a tile that is closest to ``place``."""
    return min(FIRST + EXTENT, max(FIRST, place))
