# SPDX-License-Identifier: Apache-2.0
"""The image of a fractal as a file with its parameters embedded."""

from uuid import UUID

from flask import Blueprint, Response

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.core.reading import Begun, ImageReader
from faafo.db import db
from faafo.fractal.embedded import BEFORE_TEXT, text_chunk
from faafo.fractal.media import IMAGE

blueprint = Blueprint("download", __name__)


@blueprint.get("/fractal/<uuid:uuid>/download")
def get_download(uuid: UUID) -> Response:
    """Return the PNG file with the parameters embedded; the pixels are unchanged.

    A film is sent as it is.
    """
    fractal = access.visible(str(uuid))
    if fractal.checksum is None:
        raise errors.ImageNotFound(f"fractal {fractal.uuid} is {fractal.status}: no image yet")
    task, token, medium = fractal.task(), fractal.image_token, fractal.medium
    # A slow image store must not hold a database connection.
    db.session.close()
    ours = collaborators()
    store = ours.store if medium is IMAGE else ours.store.of(medium)
    image = ImageReader.open(store, task.uuid, token, ours.bulkheads.images)
    try:
        text = text_chunk(task) if medium is IMAGE else b""
        head = image.read(BEFORE_TEXT)
    except BaseException:
        image.close()
        raise
    content = Begun(head + text, image)
    response = Response(content, mimetype=medium.mimetype, direct_passthrough=True)
    response.content_length = image.size + len(text)
    name = f"faafo-{task.uuid}{medium.suffix}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
