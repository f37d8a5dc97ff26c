# SPDX-License-Identifier: Apache-2.0
"""The viewer of a large picture: tiles of it that workers render while one looks."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from pydantic import ValidationError

from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db import db
from faafo.db.models import Fractal
from faafo.fractal.picture_tile import PictureTile, deepest
from faafo.fractal.task import PARAMETERS, Status, describe
from faafo.web.scaling import is_large

blueprint = Blueprint("viewer", __name__)

YEAR_SECONDS = 365 * 24 * 3600
# Samples of a pixel that stands for several of the picture, along a side: with one of them it would
# show another picture than their mean, which the small copy has.
SAMPLES_ABOVE = 3


@dataclass(frozen=True)
class Viewer:
    """What a page needs to show a picture by tiles.

    :param tiles: the URL of all tiles, without zoom, column and row.
    :param zoom: at which tiles have the pixels of the picture.
    :param remarks: how tiles differ from the picture, in words.
    """

    tiles: str
    zoom: int
    remarks: list[str]


def viewer_of(fractal: Fractal) -> Viewer | None:
    """Return the viewer of a complete picture that is too large for its page; None of others."""
    is_picture = fractal.parent is None and fractal.film is None
    is_whole = fractal.status == Status.COMPLETE and is_picture
    if not is_whole or not is_large(fractal.width, fractal.height):
        return None
    if not access.is_allowed("tile:get"):
        return None
    first = url_for("viewer.get_tile", uuid=fractal.uuid, z=0, x=0, y=0)
    samples, iterations = _affordable(fractal.samples, fractal.iterations)
    remarks = []
    if samples < fractal.samples:
        remarks.append(
            f"Here a pixel has {samples} × {samples} samples, as many as a tile may have."
        )
    if iterations < fractal.iterations:
        remarks.append(f"Here are {iterations:,} iterations, as many as a tile may have.")
    zoom = deepest(fractal.width, fractal.height)
    return Viewer(first.removesuffix("/0/0/0.png"), zoom, remarks)


@blueprint.get("/fractal/<uuid:uuid>/tile/<int:z>/<int:x>/<int:y>.png")
def get_tile(uuid: UUID, z: int, x: int, y: int) -> Response:
    """Return a tile of the picture of a fractal, as ``fractal.picture_tile`` divides it."""
    fractal = access.visible(str(uuid))
    parameters = {name: getattr(fractal, name) for name in PARAMETERS}
    is_deepest = z >= deepest(fractal.width, fractal.height)
    samples = fractal.samples if is_deepest else max(fractal.samples, SAMPLES_ABOVE)
    parameters["samples"], parameters["iterations"] = _affordable(samples, fractal.iterations)
    is_private = access.is_private(fractal)
    is_current = request.args.get("checksum") == fractal.checksum
    # A slow worker must not hold a database connection.
    db.session.close()
    try:
        tile = PictureTile(z=z, x=x, y=y, **parameters)
    except ValidationError as error:
        abort(400, description=describe(error))
    tag = tile.fingerprint()
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(collaborators().tiles.render(tile).body, mimetype="image/png")
    response.set_etag(tag)
    if is_current:
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    # A cache that visitors share does not know who may see it.
    response.cache_control.private = True if is_private else None
    return response


def _affordable(samples: int, iterations: int) -> tuple[int, int]:
    """Return samples and iterations of the tiles of a picture that has these.

    A tile with more samples may have fewer iterations: fewer samples than the picture has are less
    of a difference.
    """
    limit = collaborators().tiles.max_iterations
    while samples > 1 and iterations > limit // samples**2:
        samples -= 1
    return samples, min(iterations, limit)
