# SPDX-License-Identifier: Apache-2.0
"""The buttons of a fractal: queue it again, delete it."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from faafo.core.collaborators import collaborators
from faafo.core.csrf import reject_cross_site
from faafo.core.stored_image import delete_fractal
from faafo.db import db, fractals, outcomes

blueprint = Blueprint("action", __name__)
blueprint.before_request(reject_cross_site)


@blueprint.post("/fractal/<uuid:uuid>/retry")
def post_retry(uuid: UUID) -> Response:
    """Queue a fractal of status error again and show it."""
    outcomes.retry(db.session, str(uuid))
    collaborators().arrivals.announce()
    return redirect(url_for("web.get_fractal", uuid=uuid), code=303)


@blueprint.get("/fractal/<uuid:uuid>/delete")
def get_delete(uuid: UUID) -> str:
    """Show a page that asks to confirm the deletion of a fractal."""
    return render_template("faafo/delete.html", fractal=fractals.get(db.session, str(uuid)))


@blueprint.post("/fractal/<uuid:uuid>/delete")
def post_delete(uuid: UUID) -> Response:
    """Delete a fractal and its image and show the gallery."""
    delete_fractal(str(uuid))
    return redirect(url_for("web.get_gallery"), code=303)
