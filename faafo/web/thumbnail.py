# SPDX-License-Identifier: Apache-2.0
"""Thumbnails: their route, and how a large picture is scaled down in little memory."""

import io
from typing import Any, BinaryIO
from uuid import UUID

from flask import Blueprint, Response, request
from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db import db
from faafo.db.models import Fractal

blueprint = Blueprint("thumbnail", __name__)

SIDE = 320
MIMETYPE = "image/webp"
YEAR_SECONDS = 365 * 24 * 3600
# Measured with fractals: a fifth of the bytes of a PNG, and faster to encode.
ENCODING: dict[str, Any] = {"format": "WEBP", "quality": 85, "method": 2}
# The largest number of pixels that are converted from the palette to RGB at a time.
STRIP_PIXELS = 2**20

# What Pillow raises for files that are damaged or not PNG.
BROKEN = (OSError, SyntaxError, ValueError)


@blueprint.get("/fractal/<uuid:uuid>/thumbnail")
def get_thumbnail(uuid: UUID) -> Response:
    """Return the thumbnail of a complete fractal."""
    fractal = access.visible(str(uuid))
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
    # A slow image store must not hold a database connection.
    checksum, token = fractal.checksum, fractal.image_token
    db.session.close()

    def make() -> bytes:
        with ours.store.open(uuid, token) as png:
            return make_thumbnail(png, width, height)

    return ours.thumbnails.get((uuid, checksum), make)


def _set_lifetime(response: Response, checksum: str) -> None:
    """Let caches keep a URL with the current checksum for a year: its picture never changes."""
    if request.args.get("checksum") == checksum:
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return width and height of a thumbnail: at most SIDE, never larger than the picture."""
    scale = min(1.0, SIDE / width, SIDE / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_thumbnail(png: BinaryIO, width: int, height: int) -> bytes:
    """Return a thumbnail of type MIMETYPE.

    :param png: a file, which need not be in memory as a whole.
    :param width: of the picture in ``png``, in pixels; ``height`` likewise.
    :raises faafo.errors.ImageNotFound: when ``png`` is damaged or has another size.
    """
    # Image.open rejects pictures as large as the API allows. The check of the size protects from
    # decompression bombs: the record's size has passed the limits of the API.
    try:
        with PngImagePlugin.PngImageFile(png) as image:
            if image.size != (width, height):
                raise errors.ImageNotFound(f"the image is not {width} x {height} pixels large")
            image.load()
            return _encode(_shrink(image))
    except BROKEN as error:
        raise errors.ImageNotFound(f"the image cannot be read: {error}") from None


def _shrink(image: Image.Image) -> Image.Image:
    size = fitted(*image.size)
    # Averaging blocks is fast; it leaves at least 2 * SIDE pixels for the better filter.
    factor = max(1, max(image.size) // (2 * SIDE))
    return _reduce(image, factor).resize(size, Image.Resampling.LANCZOS)


def _reduce(image: Image.Image, factor: int) -> Image.Image:
    """Return ``image`` in RGB, ``factor`` times smaller; converts strips of STRIP_PIXELS."""
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
