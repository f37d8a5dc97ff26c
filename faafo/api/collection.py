# SPDX-License-Identifier: Apache-2.0
"""The resource ``collection`` of the REST API: fractals that a user keeps together."""

from typing import Annotated, Any
from uuid import UUID

from flask import jsonify, redirect, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from faafo import errors
from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.core import access, collection_access
from faafo.core.versions import under_requested_prefix
from faafo.db import collections, db
from faafo.db.collections import NAME_LENGTH, NAME_PATTERN
from faafo.db.models import Collection

Name = Annotated[
    str,
    # Checked by db.collections.check_name, for the form as well.
    Field(
        json_schema_extra={"minLength": 1, "maxLength": NAME_LENGTH, "pattern": NAME_PATTERN},
        description="what people see; two collections may have the same one",
    ),
]
Shared = Annotated[bool, Field(strict=True, description="whether everybody may see the collection")]

blueprint = APIBlueprint(
    "collection",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="collection", description="Fractals that a user keeps together")],
    abp_responses=ERRORS,
)


class CollectionPath(BaseModel):
    """The uuid of a collection."""

    uuid: UUID = Field(description="of a collection")


class MemberPath(CollectionPath):
    """The uuids of a collection and of a fractal."""

    fractal: UUID = Field(description="uuid of a fractal")


class NewCollection(BaseModel):
    """A collection to make."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    shared: Shared = False


class CollectionUpdate(BaseModel):
    """What to change; the rest stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, description="the new name; null leaves it as it is")
    shared: Shared | None = Field(
        None, description="whether everybody may see it; null leaves it as it is"
    )


class CollectionRecord(BaseModel):
    """A collection."""

    uuid: UUID = Field(description="names the collection in the address")
    name: str = Field(description="what people see")
    shared: bool = Field(description="whether everybody may see it")
    reserved: bool = Field(description="whether it is the one of its user's favourites")
    fractals: int = Field(description="number of those in it that the caller may see")
    project_id: str | None = Field(description="null: made without a login")
    user_id: str | None = Field(description="who alone may change it")


class CollectionList(BaseModel):
    """Collections: the caller's, favourites first, then those of others."""

    collections: list[CollectionRecord] = Field(description="the records")


@blueprint.get("/collection", responses={200: CollectionList}, operation_id="list_collections")
def get_collections() -> Any:
    """Return the caller's collections, and up to 1000 that others share."""
    listed = [*collection_access.own(), *collection_access.of_others()]
    return jsonify(collections=collection_access.records(listed))


@blueprint.post(
    "/collection",
    operation_id="create_collection",
    request_body=examples.json_body(NewCollection, examples.COLLECTION),
    responses={201: CollectionRecord},
)
def post_collection(body: NewCollection) -> Any:
    """Make a collection."""
    made = collections.add(db.session, access.owner(), body.name, body.shared)
    return *_answer(made, 201), {"Location": _address(made)}


@blueprint.get(
    "/collection/mine",
    responses={307: {"description": "the caller's favourites"}},
    operation_id="show_favourites",
)
def get_mine() -> Any:
    """Redirect to the collection of the caller's favourites."""
    return redirect(_address(collection_access.mine()), code=307)


@blueprint.get(
    "/collection/<uuid:uuid>", responses={200: CollectionRecord}, operation_id="show_collection"
)
def get_collection(path: CollectionPath) -> Any:
    """Return a collection; ``GET /api/fractal?collection=`` lists its fractals."""
    return _answer(collection_access.visible(str(path.uuid)))


@blueprint.patch(
    "/collection/<uuid:uuid>",
    operation_id="update_collection",
    request_body=examples.json_body(CollectionUpdate, {"shared": True}),
    responses={200: CollectionRecord},
)
def patch_collection(path: CollectionPath, body: CollectionUpdate) -> Any:
    """Rename a collection, or share it."""
    seen = collection_access.changeable(str(path.uuid))
    return _answer(collections.change(db.session, seen, body.name, body.shared))


@blueprint.delete(
    "/collection/<uuid:uuid>", responses={204: None}, operation_id="delete_collection"
)
def delete_collection(path: CollectionPath) -> Any:
    """Delete a collection; its fractals stay."""
    collections.remove(db.session, collection_access.changeable(str(path.uuid)))
    return "", 204


@blueprint.put(
    "/collection/<uuid:uuid>/fractal/<uuid:fractal>",
    responses={204: None},
    operation_id="add_collection_fractal",
)
def put_fractal(path: MemberPath) -> Any:
    """Put a fractal into a collection."""
    seen = collection_access.changeable(str(path.uuid))
    collections.put(db.session, seen, access.collectable(str(path.fractal)))
    return "", 204


@blueprint.delete(
    "/collection/<uuid:uuid>/fractal/<uuid:fractal>",
    responses={204: None},
    operation_id="remove_collection_fractal",
)
def delete_fractal(path: MemberPath) -> Any:
    """Take a fractal out of a collection."""
    seen = collection_access.changeable(str(path.uuid))
    if not collections.take(db.session, seen, access.visible(str(path.fractal))):
        raise errors.FractalNotFound(f"there is no fractal {path.fractal} in this collection")
    return "", 204


def _answer(collection: Collection, status: int = 200) -> tuple[Any, int]:
    return jsonify(collection_access.record(collection)), status


def _address(collection: Collection) -> str:
    return under_requested_prefix(url_for("collection.get_collection", uuid=collection.uuid))
