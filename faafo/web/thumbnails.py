"""The route of the thumbnails."""

from uuid import UUID

from flask import Blueprint, Response, current_app, request

from faafo import errors
from faafo.db import db, fractals
from faafo.db.models import Fractal
from faafo.web.thumbnail import MIMETYPE, make_thumbnail

blueprint = Blueprint("thumbnail", __name__)

YEAR_SECONDS = 365 * 24 * 3600


@blueprint.get("/fractal/<uuid:uuid>/thumbnail")
def get_thumbnail(uuid: UUID) -> Response:
    """Return a small picture of a complete fractal."""
    fractal = fractals.get(db.session, str(uuid))
    if fractal.checksum is None:
        raise errors.ImageNotFound(f"fractal {fractal.uuid} is {fractal.status}: no image yet")
    if request.if_none_match.contains(fractal.checksum):
        response = Response(status=304)
    else:
        response = Response(_thumbnail(fractal), mimetype=MIMETYPE)
    response.set_etag(fractal.checksum)
    _set_lifetime(response, fractal.checksum)
    return response


def _thumbnail(fractal: Fractal) -> bytes:
    store = current_app.extensions["faafo.store"]
    uuid, width, height = fractal.uuid, fractal.width, fractal.height
    # Making one may have to wait; the database connection must not wait with it.
    checksum = fractal.checksum
    db.session.close()
    return current_app.extensions["faafo.thumbnails"].get(
        uuid, checksum, lambda: make_thumbnail(store.load(uuid), width, height)
    )


def _set_lifetime(response: Response, checksum: str) -> None:
    """Let a URL that names the checksum be kept for good: it can never mean another picture."""
    if request.args.get("checksum") == checksum:
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
