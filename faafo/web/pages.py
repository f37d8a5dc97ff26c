# SPDX-License-Identifier: Apache-2.0
"""The gallery and the page of a fractal."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from faafo.core import access, collection_access
from faafo.core.access import Range
from faafo.core.collaborators import collaborators
from faafo.core.unserved import abilities, too_old, why
from faafo.core.versions import varying, versions, wants_versions
from faafo.db import collections, db, gallery
from faafo.db.gallery import Choice, Extent, Order
from faafo.db.models import Collection, Fractal
from faafo.db.scope import SHARED
from faafo.fractal import palette as palettes
from faafo.fractal.drawing import parameter_version
from faafo.fractal.kinds import Need, TaskKind
from faafo.fractal.service import CHANGEABLE
from faafo.fractal.task import UNFINISHED, Status
from faafo.web.excerpt import choice_of, excerpt_of, ranges
from faafo.web.films import film_of
from faafo.web.finding import query_of
from faafo.web.parts import Parts, parts_of
from faafo.web.scaling import fitted, is_huge
from faafo.web.viewer import viewer_of


class Pages(Blueprint):
    """The blueprint of the gallery, the pages of fractals, and the static files."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Make browsers revalidate scripts on each use.

        Modules import each other without a version in the URL: a cache could mix two releases.
        """
        if filename is not None and filename.endswith(".js"):
            return 0
        return super().get_send_file_max_age(filename)


blueprint = Pages(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/web"
)
blueprint.add_app_template_global(fitted, "fitted")
blueprint.add_app_template_global(film_of, "film_of")

STATUSES = (Status.COMPLETE, Status.RENDERING, Status.QUEUED, Status.ERROR)
UNFINISHED_SHOWN = 4
REFRESH_SECONDS = 5


@blueprint.get("/")
def get_gallery() -> Response:
    """Show the newest fractals of a status, complete ones by default.

    A script polls this URL and patches the page; the ETag makes unchanged pages a 304. A client
    that prefers JSON gets the versions of the REST API.
    """
    if wants_versions():
        return varying(versions())
    return show_gallery(choice_of(request.args))


def show_gallery(choice: Choice, collection: Collection | None = None) -> Response:
    """Return a page of the gallery, or of that of a collection."""
    # Comes first: while it waits it gives its connection back, and what had been read would expire.
    counts = collaborators().counts.of(choice.scope).by_status(db.session)
    excerpt = excerpt_of(db.session, request.args, choice, collection)
    page = render_template(
        "faafo/gallery.html",
        excerpt=excerpt,
        starred=collection_access.starred(excerpt.fractals),
        statuses=STATUSES,
        extents=list(Extent),
        orders=list(Order),
        palettes=palettes.NAMES,
        fields=query_of(choice.filter),
        ranges=[] if collection else ranges(),
        counts=counts,
        notice=collaborators().notice(),
        completed_lately=gallery.completed_lately(db.session, choice.scope),
        unfinished={
            status.value: gallery.first(
                db.session, Choice(status, scope=choice.scope), UNFINISHED_SHOWN
            )
            for status in UNFINISHED
        },
    )
    response = make_response(page)
    response.add_etag()
    response.cache_control.no_cache = True
    return varying(response).make_conditional(request)


@blueprint.get("/fractal/<uuid:uuid>")
def get_fractal(uuid: UUID) -> str:
    """Show a fractal with its parameters, timeline and result."""
    fractal = access.visible(str(uuid))
    own = access.scope_of(Range.PROJECT)
    choice = Choice(scope=own if own.includes(fractal) else SHARED)
    newer = gallery.before(db.session, choice, fractal, 1)
    older = gallery.after(db.session, choice, fractal, 1)
    parts = parts_of(fractal)
    return render_template(
        "faafo/fractal.html",
        fractal=fractal,
        newer=next(iter(newer), None),
        older=next(iter(older), None),
        refresh=REFRESH_SECONDS if fractal.status in UNFINISHED else None,
        waits_until=_waits_until(fractal),
        is_huge=is_huge(fractal.width, fractal.height),
        viewer=viewer_of(fractal),
        film=film_of(fractal),
        parts=parts,
        unserved=_unserved(fractal, parts),
        **_collections(fractal),
    )


def _unserved(fractal: Fractal, parts: Parts | None) -> str | None:
    """Return why no worker will be given what waits of a fractal; None if one may be."""
    kind = fractal.kind if fractal.status == Status.QUEUED else TaskKind.RENDER
    waits = fractal.status == Status.QUEUED or (parts is not None and parts.wait)
    listed = collaborators().registry.listed() if waits else []
    # Producers of early releases tell the registry of no workers.
    if not any(one.kind in CHANGEABLE for one in listed):
        return None
    need = Need(TaskKind(kind), fractal.label)
    return why(need, abilities(listed)) or too_old(need, _version(fractal), listed)


def _version(fractal: Fractal) -> int:
    """Return the version of the drawing parameters of what waits of a fractal."""
    # Frames have that of a fractal, and only their join a later one.
    has_frames = fractal.film is not None and fractal.status != Status.QUEUED
    return parameter_version(fractal) if has_frames else fractal.parameter_version


def _waits_until(fractal: Fractal) -> datetime | None:
    """Return when a queued fractal may be rendered; None if it may be now."""
    now = datetime.now(UTC).replace(tzinfo=None)
    is_early = fractal.not_before is not None and fractal.claimable_at > now
    return fractal.claimable_at if is_early else None


def _collections(fractal: Fractal) -> dict[str, Any]:
    """Return whether a fractal is a favourite, and the visitor's named collections."""
    starred = collection_access.starred([fractal])
    if starred is None:
        return {"starred": None, "own_collections": [], "in_collections": set()}
    own = [one for one in collection_access.own() if not one.reserved]
    return {
        "starred": starred,
        "own_collections": own,
        "in_collections": collections.holding(db.session, own, fractal),
    }


@blueprint.get("/favicon.ico")
def get_favicon() -> Response:
    """Return the icon at the URL that browsers request for images and JSON."""
    return blueprint.send_static_file("favicon.svg")
