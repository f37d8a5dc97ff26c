# SPDX-License-Identifier: Apache-2.0
"""The pages of collections, and the forms that change them; favourites are one of them."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core import access, collection_access
from faafo.core.csrf import reject_cross_site_posts
from faafo.db import collections, db
from faafo.db.models import Collection
from faafo.web import local, pages
from faafo.web.excerpt import choice_of

blueprint = Blueprint("collections", __name__)
blueprint.before_request(reject_cross_site_posts)


@blueprint.get("/my")
def get_my() -> Response:
    """Show the visitor's favourites."""
    return _shown(collection_access.mine())


@blueprint.get("/collections")
def get_collections() -> str:
    """Show the visitor's collections, and those that others share."""
    return _list()


@blueprint.post("/collections")
def post_collections() -> Response | tuple[str, int]:
    """Make a collection and show it."""
    name = request.form.get("name", "").strip()
    try:
        return _shown(collections.add(db.session, access.owner(), name))
    except errors.InvalidCollection as error:
        return _list(str(error)), 400


@blueprint.get("/collection/<uuid:uuid>")
def get_collection(uuid: UUID) -> Response:
    """Show the gallery of a collection."""
    shown = collection_access.visible(str(uuid))
    scope = collection_access.scope_of(shown)
    return pages.show_gallery(choice_of(request.args, scope), shown)


@blueprint.post("/collection/<uuid:uuid>")
def post_collection(uuid: UUID) -> Response:
    """Rename a collection, or share it: the form says which."""
    seen = collection_access.changeable(str(uuid))
    name, shared = request.form.get("name"), request.form.get("shared")
    stripped = None if name is None else name.strip()
    is_shared = None if shared is None else shared == "true"
    return _shown(collections.change(db.session, seen, stripped, is_shared))


@blueprint.get("/collection/<uuid:uuid>/delete")
def get_delete(uuid: UUID) -> str:
    """Show a page that asks to confirm the deletion of a collection."""
    seen = collection_access.changeable(str(uuid))
    return render_template("faafo/delete_collection.html", collection=seen)


@blueprint.post("/collection/<uuid:uuid>/delete")
def post_delete(uuid: UUID) -> Response:
    """Delete a collection and show the others."""
    collections.remove(db.session, collection_access.changeable(str(uuid)))
    return redirect(url_for("collections.get_collections"), code=303)


@blueprint.post("/collection/<uuid:uuid>/fractal/<uuid:fractal>")
def post_fractal(uuid: UUID, fractal: UUID) -> Response:
    """Put a fractal into a collection or, without the field ``member``, take it out."""
    return _changed(collection_access.changeable(str(uuid)), fractal, "member" in request.form)


@blueprint.post("/fractal/<uuid:uuid>/star")
def post_star(uuid: UUID) -> Response:
    """Make a fractal one of the visitor's favourites or, without ``starred``, no longer."""
    return _changed(collection_access.mine(), uuid, "starred" in request.form)


def _changed(seen: Collection, uuid: UUID, is_member: bool) -> Response:
    if is_member:
        collections.put(db.session, seen, access.collectable(str(uuid)))
    else:
        collections.take(db.session, seen, access.visible(str(uuid)))
    back = request.form.get("next") or url_for("web.get_fractal", uuid=uuid)
    return redirect(local.address_of(back), code=303)


def _shown(collection: Collection) -> Response:
    return redirect(url_for("collections.get_collection", uuid=collection.uuid), code=303)


def _list(error: str | None = None) -> str:
    own, others = collection_access.own(), collection_access.of_others()
    return render_template(
        "faafo/collections.html",
        own=own,
        others=others,
        fractals=collection_access.counts([*own, *others]),
        error=error,
        name=request.form.get("name", ""),
    )
