# SPDX-License-Identifier: Apache-2.0
"""The explorer: a page to pan and zoom Julia sets, on tiles that workers render on request."""

import math
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for
from pydantic import ConfigDict, Field, ValidationError
from xstatic.pkg import leaflet

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db.models import Fractal
from faafo.fractal import palette as palettes
from faafo.fractal.constants import CONSTANTS, Constant
from faafo.fractal.drawing import DEFAULTS, without_defaults
from faafo.fractal.numbers import INTEGER_TEXT, NUMBER_TEXT
from faafo.fractal.task import describe
from faafo.fractal.tile import (
    EXTENT,
    FIRST,
    MAX_SCALE,
    MAX_ZOOM,
    SIZE,
    TileStyle,
    max_scale,
    pitch,
)
from faafo.web.origin import Origin, origin_of

blueprint = Blueprint("explore", __name__)
# Leaflet is served from its XStatic package.
leaflet_files = Blueprint(
    "leaflet", __name__, static_folder=leaflet.BASE_DIR, static_url_path="/web/leaflet"
)

THUMBNAIL_ITERATIONS = 300
# The size in pixels of the map that the window of a fractal is fitted to.
TYPICAL_WIDTH, TYPICAL_HEIGHT = 1024, 768
SIZES = (
    (1280, 720),
    (1920, 1080),
    (2560, 1440),
    (3840, 2160),
    (7680, 4320),
    (1024, 1024),
    (1080, 1920),
)
PAN_PIXELS = 256


class View(TileStyle):
    """What the explorer shows: the Julia set, its colours, the centre and the zoom."""

    model_config = ConfigDict(frozen=True)

    zoom: Annotated[int, Field(ge=0, le=MAX_ZOOM), INTEGER_TEXT] = 1
    re: Annotated[float, Field(ge=FIRST, le=FIRST + EXTENT, allow_inf_nan=False), NUMBER_TEXT] = 0.0
    im: Annotated[float, Field(ge=FIRST, le=FIRST + EXTENT, allow_inf_nan=False), NUMBER_TEXT] = 0.0

    def address(self, **changes: Any) -> str:
        """Return the URL of this view with ``changes`` applied."""
        view = self.model_copy(update=changes)
        return f"{url_for('explore.get_explorer')}?{urlencode(without_defaults(view.model_dump()))}"

    def moved(self, columns: int, rows: int) -> str:
        """Return the URL of the view moved right and down by a number of tiles."""
        step = PAN_PIXELS * pitch(self.zoom)
        return self.address(re=_inside(self.re + columns * step), im=_inside(self.im + rows * step))

    def form_address(self) -> str:
        """Return the URL of the form that posts a fractal of this view."""
        width, height = SIZES[0]
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


DEFAULT_VIEW = View(
    cx=CONSTANTS[0].cx, cy=CONSTANTS[0].cy, iterations=THUMBNAIL_ITERATIONS, palette="ember"
)


@blueprint.get("/explore")
def get_explorer() -> str:
    """Show the view in the URL; parameters that are missing have their defaults.

    With ``fractal`` in the URL, a uuid, the page zooms out until the window of that fractal is
    visible, and tells how its picture differs from the view.
    """
    view = _view()
    return render_template(
        "faafo/explore.html",
        view=view,
        origin=_origin(view),
        tile_base=tile_address(view, 0, 0, 0).partition("/0/0/0.png")[0],
        page_base=url_for("web.get_fractal", uuid=UUID(int=0)).rpartition("/")[0],
        constants=[(one, thumbnail_address(one), _address_of(one, view)) for one in CONSTANTS],
        palettes=[(name, _far_colour(name)) for name in palettes.NAMES],
        sizes=SIZES,
        max_zoom=MAX_ZOOM,
        max_scale=MAX_SCALE,
        max_iterations=collaborators().tiles.max_iterations,
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


def thumbnail_address(constant: Constant) -> str:
    """Return the URL of the tile that shows a whole Julia set."""
    update = {"cx": constant.cx, "cy": constant.cy}
    return tile_address(DEFAULT_VIEW.model_copy(update=update), 0, 0, 0)


def address_of_fractal(fractal: Fractal) -> str:
    """Return the URL of the view that shows the window of ``fractal``.

    The zoom fits a map of typical size; a script fits it to the real one.
    """
    width, height = abs(fractal.xb - fractal.xa), abs(fractal.yb - fractal.ya)
    step = max(width / TYPICAL_WIDTH, height / TYPICAL_HEIGHT, pitch(MAX_ZOOM))
    zoom = min(MAX_ZOOM, max(0, math.floor(math.log2(pitch(0) / step))))
    limit = collaborators().tiles.max_iterations
    view = View(
        zoom=zoom,
        re=_inside((fractal.xa + fractal.xb) / 2),
        im=_inside((fractal.ya + fractal.yb) / 2),
        cx=fractal.cx,
        cy=fractal.cy,
        iterations=min(fractal.iterations, limit),
        **{name: getattr(fractal, name) for name in DEFAULTS},
    )
    return f"{view.address()}&{urlencode({'fractal': fractal.uuid})}"


def _view() -> View:
    given = {name: value for name, value in request.args.items() if name in View.model_fields}
    try:
        return View.model_validate(DEFAULT_VIEW.model_dump() | given)
    except ValidationError as error:
        abort(400, description=describe(error))


def _origin(view: View) -> Origin | None:
    """Return what the URL names as origin; None when it names none, or one that was deleted."""
    text = request.args.get("fractal")
    if text is None:
        return None
    try:
        fractal = access.visible(str(UUID(text)))
    except ValueError:
        abort(400, description=f"fractal: must be a UUID, not {text!r:.60}")
    except errors.FractalNotFound:
        return None
    return origin_of(fractal, view.re, view.im, collaborators().tiles.max_iterations)


def _address_of(constant: Constant, view: View) -> str:
    """Return the URL of the whole Julia set of ``constant``, in the colours of ``view``."""
    return view.address(zoom=1, re=0.0, im=0.0, cx=constant.cx, cy=constant.cy)


def _far_colour(palette: str) -> palettes.Colour:
    """Return the colour of count 0, which all points outside the tiles have."""
    return palettes.colours(palette)[0 if palette == palettes.DEFAULT else 1]


def _inside(place: float) -> float:
    return min(FIRST + EXTENT, max(FIRST, place))
