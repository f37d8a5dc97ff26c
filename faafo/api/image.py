# SPDX-License-Identifier: Apache-2.0
"""Images over HTTP: downloads, whole or by range, and uploads from workers."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

from flask import Response, abort, current_app, redirect, request
from werkzeug.http import quote_etag
from werkzeug.wrappers import Response as AnyResponse

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.core.preflight import has_dropped_body, is_preflight
from faafo.core.reading import Begun, ImageReader
from faafo.db import db, fractals, outcomes
from faafo.db.models import Fractal
from faafo.fractal import parts
from faafo.fractal.lease import Lease
from faafo.fractal.media import FILMS, IMAGE, SEGMENT, Medium, is_film
from faafo.fractal.png import has_sides
from faafo.fractal.task import CHECKSUM_DIGITS
from faafo.store.base import ImageStore, checksum

MIMETYPES = {medium.mimetype for medium in (IMAGE, SEGMENT, *FILMS.values())}
# RFC 9530: a dictionary of digests, of which SHA-256 is required.
SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
# The upper bound of a PNG file: four bytes a pixel, and 64 KiB for all other chunks.
BYTES_PER_PIXEL = 4
OVERHEAD_BYTES = 2**16


def send(fractal: Fractal) -> AnyResponse:
    """Return the response to a request for the image of a fractal.

    :raises faafo.errors.ImageNotFound: when there is none.
    """
    uuid, token, known = fractal.uuid, fractal.image_token, fractal.checksum
    medium, is_part = fractal.medium, fractal.parent is not None
    if known is None:
        raise errors.ImageNotFound(f"fractal {uuid} is {fractal.status}: no image yet")
    # A slow client must not hold a database connection.
    db.session.close()
    response = _not_modified(known) or (None if is_part else _redirection(uuid, token, medium))
    response = response or _file(uuid, token, known, medium)
    response.set_etag(known)
    response.cache_control.no_cache = True
    return response


def _not_modified(known: str) -> Response | None:
    return Response(status=304) if request.if_none_match.contains(known) else None


def _redirection(uuid: str, token: str | None, medium: Medium) -> AnyResponse | None:
    # The signed URL is valid for GET only.
    url = _store(medium).public_url(uuid, token) if request.method == "GET" else None
    return redirect(url, 307, Response) if url else None


def _file(uuid: str, token: str | None, known: str, medium: Medium) -> AnyResponse:
    content = ImageReader.open(_store(medium), uuid, token, collaborators().bulkheads.images)
    try:
        response = Response(content, mimetype=medium.mimetype, direct_passthrough=True)
        response.content_length = content.size
        if len(known) == CHECKSUM_DIGITS:
            response.headers["Repr-Digest"] = _digest(known)
        response.set_etag(known)
        part = _asks_for_a_part(known)
        response.make_conditional(request, accept_ranges=part, complete_length=content.size)
        response.headers["Accept-Ranges"] = "bytes"
        if request.method == "GET":
            # Now the status can say that the store cannot read it; later, the response is cut.
            chunks = cast(Iterable[bytes], response.response)
            response.response = Begun(next(iter(chunks), b""), chunks)
        return response
    except BaseException:
        content.close()
        raise


def _asks_for_a_part(known: str) -> bool:
    """Tell whether the header Range is to be obeyed (RFC 9110, 13.1.5 and 14.2).

    It is ignored for other methods than GET, in other units than bytes, and with an If-Range that
    is not exactly the ETag of the image. Several ranges, or malformed ones, are ignored as well.
    """
    wanted = request.range
    if request.method != "GET" or wanted is None or wanted.units != "bytes":
        return False
    condition = request.headers.get("If-Range")
    return len(wanted.ranges) == 1 and condition in (None, quote_etag(known))


def receive(lease: Lease, content_digest: str) -> dict[str, Any] | None:
    """Store the image in the request's body; return its checksum and size.

    In a preflight nothing is stored, and the answer is None.

    :param content_digest: the value of the header ``Content-Digest`` (RFC 9530).
    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.StaleAttempt: when the fractal is not being rendered on ``lease``.
    :raises faafo.errors.InvalidImage: when the body does not match its digest or the record.
    :raises faafo.errors.Overloaded: when too many images are being stored, or when the preflight
        failed for a moment and the body was dropped.
    """
    if request.mimetype not in MIMETYPES:
        abort(415, description=f"the content type: must be {IMAGE.mimetype}")
    expected = _expected_checksum(content_digest)
    wanted = _wanted(lease)
    if request.mimetype != wanted.medium.mimetype:
        abort(415, description=f"the content type: must be {wanted.medium.mimetype}")
    store = _store(wanted.medium)
    request.max_content_length = _limit(wanted)
    if (request.content_length or 0) > request.max_content_length:
        abort(413)
    if is_preflight():
        return None
    if has_dropped_body():
        raise errors.Overloaded("the body: was not read; send it again")
    with collaborators().bulkheads.uploads.place():
        png = request.get_data(cache=False)
        if expected != checksum(png):
            raise errors.InvalidImage("Content-Digest: does not match the body")
        _check_sides(png, wanted)
        # The upload may have taken longer than the lease.
        _wanted(lease)
        store.save(lease.uuid, png, token=lease.token)
        store.sync()
        try:
            fractals.get(db.session, lease.uuid)
        except errors.FractalNotFound:
            # The fractal was deleted during the upload: no record refers to this image.
            store.delete(lease.uuid, lease.token)
            raise
        return {"checksum": checksum(png), "size": len(png)}


class _Wanted(NamedTuple):
    """What is being rendered: its size in pixels, and the number of frames, 1 of a picture."""

    medium: Medium
    width: int
    height: int
    frames: int


def _wanted(lease: Lease) -> _Wanted:
    """Return what is being rendered; the session is closed."""
    fractal = outcomes.require_rendering(db.session, lease)
    frames = (fractal.children or 1) if fractal.film else 1
    rows = fractal.band_rows or fractal.height
    wanted = _Wanted(fractal.medium, fractal.width, rows, frames)
    db.session.close()
    return wanted


def _limit(wanted: _Wanted) -> int:
    most = current_app.config["MAX_IMAGE_SIZE"]
    pixels = wanted.width * wanted.height * wanted.frames
    return min(most, BYTES_PER_PIXEL * pixels + OVERHEAD_BYTES)


def _expected_checksum(content_digest: str) -> str:
    found = SHA256.search(content_digest)
    if found is None:
        raise errors.InvalidImage("Content-Digest: must contain sha-256=:<base64>:")
    return _hexadecimal(found[1])


def _check_sides(content: bytes, wanted: _Wanted) -> None:
    medium, width, height, _frames = wanted
    if medium is SEGMENT:
        if not parts.is_segment(content, width, height):
            raise errors.InvalidImage(f"the body: is not a segment of {height} rows of {width}")
    elif medium is IMAGE:
        if not has_sides(content, width, height):
            raise errors.InvalidImage(f"the body: is not a PNG file of {width} x {height} pixels")
    elif not is_film(content, medium, width, height):
        raise errors.InvalidImage(
            f"the body: is not a film, {medium.mimetype}, of {width} x {height} pixels"
        )


def _digest(known: str) -> str:
    return f"sha-256=:{base64.b64encode(bytes.fromhex(known)).decode()}:"


def _hexadecimal(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).hex()
    except binascii.Error:
        return ""


def _store(medium: Medium) -> ImageStore:
    store = collaborators().store
    return store if medium is IMAGE else store.of(medium)
