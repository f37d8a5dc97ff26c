# SPDX-License-Identifier: Apache-2.0
"""The route of thumbnails, previews and cards: small pictures of a complete fractal."""

from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db import db, joins
from faafo.db.models import Fractal
from faafo.web.scaling import MOST_PREVIEW_BYTES, SHAPES, Form, is_large, scaled

blueprint = Blueprint("thumbnail", __name__)

YEAR_SECONDS = 365 * 24 * 3600


@blueprint.get("/fractal/<uuid:uuid>/thumbnail")
def get_thumbnail(uuid: UUID) -> Response:
    """Return a small picture of a complete fractal, in the form that the query names."""
    form = _form()
    fractal = access.visible(str(uuid))
    if fractal.checksum is None:
        raise errors.ImageNotFound(f"fractal {fractal.uuid} is {fractal.status}: no image yet")
    checksum = fractal.checksum
    is_private = access.is_private(fractal)
    tag = f"{checksum}-{form}-{SHAPES[form].width}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(_small_picture(fractal, form), mimetype=SHAPES[form].mimetype)
    response.set_etag(tag)
    _set_lifetime(response, checksum)
    # A cache that visitors share does not know who may see it.
    response.cache_control.private = True if is_private else None
    return response


def preview_address(fractal: Fractal) -> str | None:
    """Return the URL of the preview of a complete fractal; None where the image is small itself.

    That of a film is its first frame.
    """
    is_small = fractal.size is None or fractal.size <= MOST_PREVIEW_BYTES
    is_whole = fractal.film is None and not is_large(fractal.width, fractal.height)
    if is_whole and is_small:
        return None
    return url_for(
        "thumbnail.get_thumbnail",
        uuid=fractal.uuid,
        form=Form.PREVIEW.value,
        checksum=fractal.checksum,
    )


def _form() -> Form:
    name = request.args.get("form", Form.THUMBNAIL)
    try:
        return Form(name)
    except ValueError:
        abort(400, description=f"form: must be one of {', '.join(Form)}, not {name!r:.60}")


def _small_picture(fractal: Fractal, form: Form) -> bytes:
    ours = collaborators()
    uuid, width, height = fractal.uuid, fractal.width, fractal.height
    # A slow image store must not hold a database connection.
    checksum, place = fractal.checksum, (uuid, fractal.image_token)
    if fractal.film is not None:
        frame = joins.first_frame(db.session(), uuid)
        if frame is None:
            raise errors.ImageNotFound(f"film {uuid} has no first frame any more")
        place = (frame.uuid, frame.image_token)
    db.session.close()

    def make() -> bytes:
        with ours.store.open(*place) as png:
            return scaled(png, width, height, form)

    return ours.thumbnails.get((uuid, checksum, form), make)


def _set_lifetime(response: Response, checksum: str) -> None:
    """Let caches keep a URL with the current checksum for a year: its picture never changes."""
    if request.args.get("checksum") == checksum:
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
