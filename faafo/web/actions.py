# SPDX-License-Identifier: Apache-2.0
"""The buttons of a fractal: queue it again, delete it."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from faafo.core import access, jobs
from faafo.core.csrf import reject_cross_site
from faafo.core.stored_image import delete_fractal
from faafo.db import db, fractals

blueprint = Blueprint("action", __name__)
blueprint.before_request(reject_cross_site)


@blueprint.post("/fractal/<uuid:uuid>/retry")
def post_retry(uuid: UUID) -> Response:
    """Queue a fractal of status error again and show it."""
    jobs.retry(access.changeable(str(uuid)))
    return redirect(url_for("web.get_fractal", uuid=uuid), code=303)


@blueprint.post("/fractal/<uuid:uuid>/share")
def post_share(uuid: UUID) -> Response:
    """Let all projects see a fractal, or, without the field ``shared``, no longer."""
    fractals.share(db.session, access.changeable(str(uuid)), "shared" in request.form)
    return redirect(url_for("web.get_fractal", uuid=uuid), code=303)


@blueprint.get("/fractal/<uuid:uuid>/delete")
def get_delete(uuid: UUID) -> str:
    """Show a page that asks to confirm the deletion of a fractal."""
    return render_template("faafo/delete.html", fractal=access.changeable(str(uuid)))


@blueprint.post("/fractal/<uuid:uuid>/delete")
def post_delete(uuid: UUID) -> Response:
    """Delete a fractal and its image and show the gallery."""
    delete_fractal(access.changeable(str(uuid)))
    return redirect(url_for("web.get_gallery"), code=303)
