"""The pages: the gallery, and each fractal."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    render_template,
    request,
    send_from_directory,
)
from sqlalchemy.orm import Session

from faafo.db import db, fractals
from faafo.db.models import Fractal
from faafo.fractal.task import Status
from faafo.web.thumbnail import fitted

blueprint = Blueprint(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/web"
)
blueprint.add_app_template_global(fitted, "fitted")

PAGE_SIZE = 24
UNFINISHED = (Status.RENDERING, Status.QUEUED)
UNFINISHED_SHOWN = 4
REFRESH_SECONDS = 5


@dataclass(frozen=True)
class Excerpt:
    """The fractals on one page, newest first, and the markers of the pages beside it."""

    fractals: list[Fractal]
    newer_than: str | None
    older_than: str | None


@blueprint.get("/")
def get_gallery() -> str:
    """Show the newest fractals of a status, complete ones by default."""
    status = _status(request.args.get("status", Status.COMPLETE.value))
    return render_template(
        "faafo/gallery.html",
        status=status.value,
        excerpt=_excerpt(db.session, status, request.args),
        counts=current_app.extensions["faafo.tally"].by_status(db.session),
        unfinished={
            unfinished.value: fractals.newest(db.session, unfinished, UNFINISHED_SHOWN)
            for unfinished in UNFINISHED
        },
    )


@blueprint.get("/fractal/<uuid:uuid>")
def get_fractal(uuid: UUID) -> str:
    """Show one fractal and everything that is known about it."""
    fractal = fractals.get(db.session, str(uuid))
    newer = fractals.newer(db.session, Status.COMPLETE, fractal, 1)
    older = fractals.older(db.session, Status.COMPLETE, fractal, 1)
    return render_template(
        "faafo/fractal.html",
        fractal=fractal,
        newer=next(iter(newer), None),
        older=next(iter(older), None),
        refresh=REFRESH_SECONDS if fractal.status in UNFINISHED else None,
    )


@blueprint.get("/favicon.ico")
def get_favicon() -> Response:
    """Return the icon where browsers look that show something that is not a page."""
    return send_from_directory(blueprint.static_folder, "favicon.svg")


def _status(name: str) -> Status:
    try:
        return Status(name)
    except ValueError:
        abort(404, description=f"No fractal is ever {name!r:.60}.")


def _excerpt(session: Session, status: Status, args: Mapping[str, str]) -> Excerpt:
    """Return the page that ``newer_than`` or ``older_than``, uuids of fractals, point at."""
    if "newer_than" in args:
        marker = fractals.get(session, _uuid(args["newer_than"]))
        # One more than is shown tells whether there is another page.
        found = fractals.newer(session, status, marker, PAGE_SIZE + 1)
        if len(found) > PAGE_SIZE:
            return _cut(found[1:], has_newer=True, has_older=True)
        # So close to the newest: the first page, and a full one.
    elif "older_than" in args:
        marker = fractals.get(session, _uuid(args["older_than"]))
        found = fractals.older(session, status, marker, PAGE_SIZE + 1)
        if found:
            return _cut(found[:PAGE_SIZE], has_newer=True, has_older=len(found) > PAGE_SIZE)
    found = fractals.newest(session, status, PAGE_SIZE + 1)
    return _cut(found[:PAGE_SIZE], has_newer=False, has_older=len(found) > PAGE_SIZE)


def _cut(found: list[Fractal], has_newer: bool, has_older: bool) -> Excerpt:
    return Excerpt(
        found,
        newer_than=found[0].uuid if has_newer else None,
        older_than=found[-1].uuid if has_older else None,
    )


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        abort(404, description="The link to this page of the gallery is broken.")
