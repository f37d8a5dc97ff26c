# SPDX-License-Identifier: Apache-2.0
"""Collections of fractals: named ones, and that of the favourites of each user.

Every function that writes commits the session.
"""

import json
import re
import uuid as uuidlib
from collections.abc import Collection as Group
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session, webhooks
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.models import CollectedFractal, Collection, Fractal
from faafo.db.scope import Owner
from faafo.db.statements import execute_update, matched

FAVOURITES = "Favourites"
# For the UUIDs (version 5, RFC 9562) of favourites.
NAMESPACE = uuidlib.UUID("5d8f1f0e-8f6c-4c38-9d0c-4a8f3a2d5e61")
# Neither control characters nor white space alone.
NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
# Half a character: JSON can name it, UTF-8 cannot.
SURROGATE = re.compile(r"[\ud800-\udfff]")
NAME_LENGTH = 255
# What a user may have, and a collection may hold: each is shown and counted as a whole.
MOST_COLLECTIONS = 1000
MOST_FRACTALS = 10_000


def favourites_uuid(owner: Owner) -> str:
    """Return the uuid of the collection of a user's favourites in a project."""
    return str(uuidlib.uuid5(NAMESPACE, json.dumps([owner.project_id, owner.user_id])))


def favourites(session: Session, owner: Owner) -> Collection:
    """Return the collection of a user's favourites; it has no id until it is stored."""
    return _find(session, favourites_uuid(owner)) or Collection(**_favourites(owner))


def get(session: Session, uuid: str) -> Collection:
    """Return the collection with that uuid.

    :raises faafo.errors.CollectionNotFound: when there is none.
    """
    found = _find(session, uuid)
    if found is None:
        raise errors.CollectionNotFound(f"there is no collection {uuid}")
    return found


def of_user(session: Session, owner: Owner) -> list[Collection]:
    """Return the collections of a user in a project: the favourites, then the others by name."""
    stored = session.scalars(select(Collection).where(*_is_of(owner))).all()
    named = sorted((one for one in stored if not one.reserved), key=lambda one: one.name.lower())
    reserved = next((one for one in stored if one.reserved), None)
    return [reserved or Collection(**_favourites(owner)), *named]


def of_others(session: Session, owner: Owner, only_shared: bool) -> Sequence[Collection]:
    """Return up to MOST_COLLECTIONS collections of others, newest first; shared ones, or all."""
    # NULL is a value like any other here.
    differs = or_(
        Collection.project_id.is_distinct_from(owner.project_id),
        Collection.user_id.is_distinct_from(owner.user_id),
    )
    query = select(Collection).where(differs)
    if only_shared:
        query = query.where(Collection.shared == true())
    return session.scalars(query.order_by(Collection.id.desc()).limit(MOST_COLLECTIONS)).all()


def counts(
    session: Session, collections: Group[Collection], seen: Sequence[ColumnElement[bool]]
) -> dict[str, int]:
    """Return the number of fractals in each collection, of those that are ``seen``, by uuid."""
    ids = [one.id for one in collections if one.id is not None]
    member = CollectedFractal
    query = select(member.collection_id, func.count().label("total"))
    query = query.join(Fractal, Fractal.id == member.fractal_id)
    query = query.where(member.collection_id.in_(ids), *seen).group_by(member.collection_id)
    found = {one.collection_id: one.total for one in session.execute(query)} if ids else {}
    return {one.uuid: found.get(one.id, 0) for one in collections}


@retry_on_deadlock
def add(session: Session, owner: Owner, name: str, shared: bool = False) -> Collection:
    """Make a collection.

    :raises faafo.errors.InvalidCollection: when that is no name, or the user has too many.
    """
    check_name(name)
    has = session.scalar(select(func.count()).select_from(Collection).where(*_is_of(owner)))
    if (has or 0) >= MOST_COLLECTIONS:
        raise errors.InvalidCollection(f"a user has at most {MOST_COLLECTIONS} collections")
    uuid = str(uuidlib.uuid4())
    values = {"name": name, "shared": shared, "reserved": False, **_columns(owner)}
    session.execute(insert(Collection).values(uuid=uuid, **values))
    session.commit()
    return get(session, uuid)


@retry_on_deadlock
def change(
    session: Session, seen: Collection, name: str | None = None, shared: bool | None = None
) -> Collection:
    """Rename a collection, or share it, or both; return it.

    :raises faafo.errors.CollectionReserved: when the favourites are to be renamed.
    :raises faafo.errors.CollectionNotFound: when it is deleted.
    """
    if name is not None and name != seen.name:
        _refuse_reserved(seen, "renamed")
        check_name(name)
    given = {"name": name, "shared": shared}
    values = {key: value for key, value in given.items() if value is not None}
    _store(session, seen)
    if values:
        where = Collection.uuid == seen.uuid
        execute_update(session, update(Collection).where(where).values(**values))
    session.commit()
    return get(session, seen.uuid)


@retry_on_deadlock
def remove(session: Session, seen: Collection) -> None:
    """Delete a collection, and none of its fractals.

    :raises faafo.errors.CollectionReserved: when it is that of the favourites.
    """
    _refuse_reserved(seen, "deleted")
    session.execute(delete(Collection).where(Collection.uuid == seen.uuid))
    webhooks.disable_of_collection(session, seen.id)
    session.commit()


@retry_on_deadlock
def put(session: Session, seen: Collection, fractal: Fractal) -> None:
    """Put a fractal into a collection, in which it may be already.

    :raises faafo.errors.InvalidCollection: when the collection is full.
    :raises faafo.errors.CollectionNotFound: when the collection is deleted.
    :raises faafo.errors.FractalNotFound: when the fractal is deleted.
    """
    uuid, fractal_id, collection_uuid = fractal.uuid, fractal.id, seen.uuid
    collection_id = _store(session, seen)
    if _holds(session, collection_id, fractal_id):
        session.commit()
        return
    members = select(func.count()).select_from(CollectedFractal)
    holds = session.scalar(members.where(CollectedFractal.collection_id == collection_id))
    if (holds or 0) >= MOST_FRACTALS:
        raise errors.InvalidCollection(f"a collection holds at most {MOST_FRACTALS} fractals")
    values = {"collection_id": collection_id, "fractal_id": fractal_id}
    try:
        session.execute(insert(CollectedFractal).values(**values))
        session.commit()
    except IntegrityError:
        session.rollback()
        # Another request has put it there meanwhile, or one of the two is deleted.
        if not _holds(session, collection_id, fractal_id):
            get(session, collection_uuid)
            raise errors.FractalNotFound(f"there is no fractal {uuid} any more") from None


@retry_on_deadlock
def take(session: Session, seen: Collection, fractal: Fractal) -> bool:
    """Take a fractal out of a collection; tell whether it was there."""
    member = CollectedFractal
    query = delete(member).where(member.collection_id == seen.id, member.fractal_id == fractal.id)
    taken = matched(session.execute(query))
    session.commit()
    return bool(taken)


def holding(session: Session, collections: Group[Collection], fractal: Fractal) -> set[str]:
    """Return the uuids of those of ``collections`` that a fractal is in."""
    ids = {one.id: one.uuid for one in collections}
    if not ids:
        return set()
    member = CollectedFractal
    query = select(member.collection_id).where(member.fractal_id == fractal.id)
    return {ids[one] for one in session.scalars(query.where(member.collection_id.in_(ids)))}


def starred(session: Session, owner: Owner, fractals: Group[Fractal]) -> set[str]:
    """Return the uuids of those of ``fractals`` that are favourites of a user."""
    member = CollectedFractal
    ids = {one.id: one.uuid for one in fractals}
    query = select(member.fractal_id).where(
        member.collection_id == _id_of(favourites_uuid(owner)), member.fractal_id.in_(ids)
    )
    return {ids[one] for one in session.scalars(query)} if ids else set()


def check_name(name: str) -> None:
    """Check the name of a collection.

    :raises faafo.errors.InvalidCollection: when it is too long, empty, or not printable.
    """
    # The $ of Python would also match before a line feed at the end.
    is_name = re.fullmatch(NAME_PATTERN, name) and not SURROGATE.search(name)
    if len(name) > NAME_LENGTH or not is_name:
        raise errors.InvalidCollection(
            f"name: must be 1 to {NAME_LENGTH} characters without control characters, "
            f"not {name!r:.60}"
        )


def _find(session: Session, uuid: str) -> Collection | None:
    query = select(Collection).where(Collection.uuid == uuid)
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def _id_of(uuid: str) -> Any:
    return select(Collection.id).where(Collection.uuid == uuid).scalar_subquery()


def _holds(session: Session, collection_id: int, fractal_id: int) -> bool:
    return session.get(CollectedFractal, (collection_id, fractal_id)) is not None


def _store(session: Session, seen: Collection) -> int:
    """Return the id of a collection; store it if it is that of favourites and has none."""
    if seen.id:
        return seen.id
    uuid, owner = seen.uuid, Owner(seen.project_id, seen.user_id)
    try:
        session.execute(insert(Collection).values(**_favourites(owner)))
        session.flush()
    except IntegrityError:
        # Another request has stored it meanwhile.
        session.rollback()
    return get(session, uuid).id


def _refuse_reserved(seen: Collection, what: str) -> None:
    if seen.reserved:
        raise errors.CollectionReserved(f"the favourites of a user cannot be {what}")


def _columns(owner: Owner) -> dict[str, Any]:
    return {"project_id": owner.project_id, "user_id": owner.user_id}


def _favourites(owner: Owner) -> dict[str, Any]:
    uuid = favourites_uuid(owner)
    return {**_columns(owner), "uuid": uuid, "name": FAVOURITES, "shared": False, "reserved": True}


def _is_of(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return Collection.project_id == owner.project_id, Collection.user_id == owner.user_id
