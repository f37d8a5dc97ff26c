# SPDX-License-Identifier: Apache-2.0
"""Thumbnails: their route, and how one is made of a large picture in little memory."""

import io
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals
from faafo.db.models import Fractal

blueprint = Blueprint("thumbnail", __name__)

SIDE = 320
MIMETYPE = "image/webp"
YEAR_SECONDS = 365 * 24 * 3600
# Measured on our pictures: a fifth of the bytes of a PNG, and faster to encode.
ENCODING: dict[str, Any] = {"format": "WEBP", "quality": 85, "method": 2}
# A strip of a large picture is in colour for a moment only; this bounds its pixels.
STRIP_PIXELS = 2**20

# What Pillow raises for files that are broken or no PNG at all.
BROKEN = (OSError, SyntaxError, ValueError)


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
    ours = collaborators()
    uuid, width, height = fractal.uuid, fractal.width, fractal.height
    # Making one may have to wait; the database connection must not wait with it.
    checksum = fractal.checksum
    db.session.close()
    return ours.thumbnails.get(
        (uuid, checksum), lambda: make_thumbnail(ours.store.load(uuid), width, height)
    )


def _set_lifetime(response: Response, checksum: str) -> None:
    """Let a URL that names the checksum be kept for good: it can never mean another picture."""
    if request.args.get("checksum") == checksum:
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return the sides of the thumbnail of a picture: within SIDE, never larger than it is."""
    scale = min(1.0, SIDE / width, SIDE / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_thumbnail(png: bytes, width: int, height: int) -> bytes:
    """Return a thumbnail, of type MIMETYPE, of a picture that must have the given sides.

    :raises faafo.errors.ImageNotFound: when ``png`` is not such a picture.
    """
    # Not Image.open: that refuses pictures as large as those we allow. What keeps bombs out here
    # is that a picture has the sides its record says, which the limits of the API have passed.
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as image:
            if image.size != (width, height):
                raise errors.ImageNotFound(f"the image is not {width} x {height} pixels large")
            image.load()
            return _encode(_shrink(image))
    except BROKEN as error:
        raise errors.ImageNotFound(f"the image cannot be read: {error}") from None


def _shrink(image: Image.Image) -> Image.Image:
    size = fitted(*image.size)
    # Averaging whole blocks is fast; what is left for the better filter is at least twice SIDE.
    factor = max(1, max(image.size) // (2 * SIDE))
    return _reduce(image, factor).resize(size, Image.Resampling.LANCZOS)


def _reduce(image: Image.Image, factor: int) -> Image.Image:
    """Return ``image`` in colour, ``factor`` times smaller, without all of it in colour at once."""
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        reduced.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
    return reduced


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **ENCODING)
    return buffer.getvalue()
