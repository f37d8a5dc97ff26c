# SPDX-License-Identifier: Apache-2.0
"""Which collections the sender of the current request may see and change.

A collection belongs to a user in a project, who alone may change it; others see it when it is
shared. What one sees in it are the fractals of one's own project and those that are shared. Those
who may see all projects may see and change all collections, too: with noauth that is everybody.
"""

from collections.abc import Collection as Group
from typing import Any

from faafo import errors
from faafo.core import access
from faafo.core.context import request_context
from faafo.db import collections, db
from faafo.db.models import Collection, Fractal
from faafo.db.scope import Scope

UPDATE = "collection:update"
# The id of favourites that are not stored: there are no fractals in them.
NO_COLLECTION = 0


def mine() -> Collection:
    """Return the collection of the caller's favourites."""
    return collections.favourites(db.session, access.owner())


def visible(uuid: str) -> Collection:
    """Return a collection that the caller may see.

    :raises faafo.errors.CollectionNotFound: when there is none.
    """
    if uuid == collections.favourites_uuid(access.owner()) and not _is_visitor():
        return mine()
    found = collections.get(db.session, uuid)
    if not (found.shared or may_change(found)):
        raise errors.CollectionNotFound(f"there is no collection {uuid}")
    return found


def changeable(uuid: str) -> Collection:
    """Return a collection that the caller may change.

    :raises faafo.errors.CollectionNotFound: when there is none that the caller may see.
    :raises faafo.errors.Forbidden: when another user shares it.
    """
    found = visible(uuid)
    if not may_change(found):
        raise errors.Forbidden(f"collection {uuid} belongs to another user, who shares it")
    return found


def may_change(collection: Collection) -> bool:
    """Tell whether a collection is the caller's, or the caller may change all."""
    return (is_own(collection) and not _is_visitor()) or access.sees_all()


def is_own(collection: Collection) -> bool:
    """Tell whether a collection is that of the caller, in the caller's project."""
    owner = access.owner()
    return (collection.project_id, collection.user_id) == (owner.project_id, owner.user_id)


def own() -> list[Collection]:
    """Return the caller's collections, the favourites first; none of a visitor."""
    return [] if _is_visitor() else collections.of_user(db.session, access.owner())


def of_others() -> list[Collection]:
    """Return the collections of others that the caller may see."""
    only_shared = not access.sees_all()
    return list(collections.of_others(db.session, access.owner(), only_shared))


def scope_of(collection: Collection) -> Scope:
    """Return what the caller sees in a collection."""
    return _scope(collection.id or NO_COLLECTION)


def counts(listed: Group[Collection]) -> dict[str, int]:
    """Return how many fractals the caller sees in each collection, by uuid."""
    return collections.counts(db.session, listed, _scope(NO_COLLECTION).seen)


def record(collection: Collection) -> dict[str, Any]:
    """Return a collection as JSON shows it."""
    return records([collection])[0]


def records(listed: Group[Collection]) -> list[dict[str, Any]]:
    """Return collections as JSON shows them."""
    fractals = counts(listed)
    return [
        {
            "uuid": one.uuid,
            "name": one.name,
            "shared": one.shared,
            "reserved": one.reserved,
            "fractals": fractals[one.uuid],
            "project_id": one.project_id,
            "user_id": one.user_id,
        }
        for one in listed
    ]


def starred(fractals: Group[Fractal]) -> set[str] | None:
    """Return the uuids of those of ``fractals`` that are the caller's favourites.

    None when the caller has no favourites: a visitor, or one whom no rule allows it.
    """
    if not access.is_allowed(UPDATE) or _is_visitor():
        return None
    return collections.starred(db.session, access.owner(), fractals)


def _is_visitor() -> bool:
    return request_context().project_id is None and not access.sees_all()


def _scope(collection_id: int) -> Scope:
    if access.sees_all():
        return Scope(collection_id=collection_id)
    project_id = request_context().project_id
    return Scope(project_id, only_shared=project_id is None, collection_id=collection_id)
