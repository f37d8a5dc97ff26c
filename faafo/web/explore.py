# SPDX-License-Identifier: Apache-2.0
"""The explorer: a page to pan and zoom Julia sets, on tiles that workers render on request."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for
from pydantic import ValidationError
from xstatic.pkg import leaflet

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db.models import Fractal
from faafo.fractal import palette as palettes
from faafo.fractal.constants import CONSTANTS, Constant
from faafo.fractal.drawing import (
    DEFAULTS,
    MAX_DENSITY,
    MAX_SAMPLES,
    MIN_DENSITY,
    Colouring,
    Formula,
)
from faafo.fractal.film import LEAST_FRAMES
from faafo.fractal.parts import MOST_FPS, MOST_PARTS
from faafo.fractal.task import describe
from faafo.fractal.tile import (
    MAX_SCALE,
    MAX_ZOOM,
    pitch,
)
from faafo.web.explorer_choices import (
    FILM_SIZES,
    FORMULAE,
    INSIDES,
    KEYS,
    PATHS,
    SIZES,
    ZOOM,
    colours_of,
)
from faafo.web.explorer_view import (
    DEFAULT_VIEW,
    JULIA,
    TYPICAL_HEIGHT,
    TYPICAL_WIDTH,
    View,
    inside,
    tile_address,
)
from faafo.web.origin import Origin, origin_of

blueprint = Blueprint("explore", __name__)
# Leaflet is served from its XStatic package.
leaflet_files = Blueprint(
    "leaflet", __name__, static_folder=leaflet.BASE_DIR, static_url_path="/web/leaflet"
)

# Samples a pixel, along a side, of what becomes a fractal: smooth colours deserve smooth edges.
LEAST_SAMPLES = {Colouring.BANDS.value: 1, Colouring.SMOOTH.value: 2}
# What is worth seeing of the first view.
FIRST_WIDTH, FIRST_HEIGHT = 3.3, 2.0


@blueprint.get("/explore")
def get_explorer() -> str:
    """Show the view in the URL; parameters that are missing have their defaults.

    With ``fractal`` in the URL, a uuid, the page zooms out until the window of that fractal is
    visible, and tells how its picture differs from the view.
    """
    view = requested_view()
    origin = _origin(view)
    return render_template(
        "faafo/explore.html",
        view=view,
        origin=origin,
        part=_part(origin),
        tile_base=tile_address(view, 0, 0, 0).partition("/0/0/0.png")[0],
        page_base=url_for("web.get_fractal", uuid=UUID(int=0)).rpartition("/")[0],
        constants=[(one, thumbnail_address(one), _address_of(one, view)) for one in CONSTANTS],
        palettes=[(name, colours_of(name)) for name in palettes.NAMES],
        defaults=_defaults(),
        formulae=FORMULAE,
        colourings=[(one, one) for one in Colouring],
        insides=INSIDES,
        densities=(MIN_DENSITY, MAX_DENSITY),
        samples=max(view.samples, LEAST_SAMPLES[view.colouring]),
        max_samples=MAX_SAMPLES,
        keys=KEYS,
        sizes=SIZES,
        film_sizes=FILM_SIZES,
        paths=PATHS,
        zoom=ZOOM,
        frames=(LEAST_FRAMES, MOST_PARTS),
        max_fps=MOST_FPS,
        max_zoom=MAX_ZOOM,
        max_scale=MAX_SCALE,
        max_iterations=collaborators().tiles.max_iterations,
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
        re=inside((fractal.xa + fractal.xb) / 2),
        im=inside((fractal.ya + fractal.yb) / 2),
        cx=fractal.cx,
        cy=fractal.cy,
        iterations=min(fractal.iterations, limit),
        **{name: getattr(fractal, name) for name in DEFAULTS},
    )
    return f"{view.address()}&{urlencode({'fractal': fractal.uuid})}"


def requested_view() -> View:
    """Return the view in the URL; parameters that are missing have their defaults."""
    # The form has an empty text for the palette's own colour.
    given = {
        name: value
        for name, value in request.args.items()
        if name in View.model_fields and (value or name != "inside")
    }
    try:
        return View.model_validate(_filled_in(given))
    except ValidationError as error:
        abort(400, description=describe(error))


def _filled_in(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of an address with those that are missing.

    An address with c has been made for a view: what is missing has its own default. One without c
    takes all else from the first view.
    """
    base = DEFAULT_VIEW.model_dump()
    if "cx" in given or "cy" in given:
        base |= {**DEFAULTS, "palette": DEFAULT_VIEW.palette, "automatic": 0}
    return {**base, **given}


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


def _part(origin: Origin | None) -> tuple[float, float] | None:
    """Return width and height of what a script zooms out to show; None when the URL says enough."""
    if origin:
        return origin.width, origin.height
    return None if request.args else (FIRST_WIDTH, FIRST_HEIGHT)


def _address_of(constant: Constant, view: View) -> str:
    """Return the URL of the whole Julia set of ``constant``, in the colours of ``view``."""
    whole = {"zoom": 1, "re": 0.0, "im": 0.0, "plane": JULIA, "formula": Formula.Z2.value}
    return view.address(**whole, cx=constant.cx, cy=constant.cy)


def _defaults() -> dict[str, Any]:
    """Return what an address that a script has made leaves out; samples are for files only."""
    view = View(**{name: getattr(DEFAULT_VIEW, name) for name in ("cx", "cy", "iterations")})
    defaults = view.model_dump(exclude={"samples"})
    return defaults | {"palette": DEFAULT_VIEW.palette, "inside": ""}
