# SPDX-License-Identifier: Apache-2.0
"""The image of a fractal as a file with its parameters embedded."""

from uuid import UUID

from flask import Blueprint, Response

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals
from faafo.fractal.embedded import embed

blueprint = Blueprint("download", __name__)


@blueprint.get("/fractal/<uuid:uuid>/download")
def get_download(uuid: UUID) -> Response:
    """Return the PNG file with the parameters embedded; the pixels are unchanged."""
    fractal = fractals.get(db.session, str(uuid))
    if fractal.checksum is None:
        raise errors.ImageNotFound(f"fractal {fractal.uuid} is {fractal.status}: no image yet")
    task = fractal.task()
    # A slow image store must not hold a database connection.
    db.session.close()
    png = collaborators().store.load(task.uuid)
    response = Response(embed(png, task), mimetype="image/png")
    response.headers.set("Content-Disposition", "attachment", filename=f"faafo-{task.uuid}.png")
    return response
