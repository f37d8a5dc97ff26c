# SPDX-License-Identifier: Apache-2.0
"""The image of a fractal as a file with its parameters embedded."""

from typing import Self
from uuid import UUID

from flask import Blueprint, Response

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.core.reading import ImageReader
from faafo.db import db, fractals
from faafo.fractal.embedded import BEFORE_TEXT, text_chunk

blueprint = Blueprint("download", __name__)


class EmbeddedFile:
    """The bytes ``first``, then the rest of an image in chunks: it may have tens of megabytes.

    A chunk for whose read there was no place can be asked for again; a generator would have ended.
    """

    def __init__(self, first: bytes, image: ImageReader) -> None:
        self._first = first
        self._image = image

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        return first or next(self._image)

    def close(self) -> None:
        """Close the image."""
        self._image.close()


@blueprint.get("/fractal/<uuid:uuid>/download")
def get_download(uuid: UUID) -> Response:
    """Return the PNG file with the parameters embedded; the pixels are unchanged."""
    fractal = fractals.get(db.session, str(uuid))
    if fractal.checksum is None:
        raise errors.ImageNotFound(f"fractal {fractal.uuid} is {fractal.status}: no image yet")
    task, token = fractal.task(), fractal.image_token
    # A slow image store must not hold a database connection.
    db.session.close()
    ours = collaborators()
    image = ImageReader.open(ours.store, task.uuid, token, ours.bulkheads.images)
    try:
        head, text = image.read(BEFORE_TEXT), text_chunk(task)
    except BaseException:
        image.close()
        raise
    content = EmbeddedFile(head + text, image)
    response = Response(content, mimetype="image/png", direct_passthrough=True)
    response.content_length = image.size + len(text)
    response.headers.set("Content-Disposition", "attachment", filename=f"faafo-{task.uuid}.png")
    return response
