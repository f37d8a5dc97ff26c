# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about collections."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from faafo.client.session import Session

COLLECTIONS = "/api/collection"


class Collection(BaseModel):
    """A collection; ``fractals`` counts those in it that the caller may see.

    ``reserved`` is the one of its user's favourites, ``shared`` one that everybody may see.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    uuid: str
    name: str
    shared: bool
    reserved: bool
    fractals: int
    project_id: str | None
    user_id: str | None


class _List(BaseModel):
    collections: list[Collection]


class CollectionCalls:
    """Base class of ``Client``."""

    _session: Session

    def collections(self) -> list[Collection]:
        """Return one's collections, the favourites first, and those that others share."""
        answer = self._session.json("GET", COLLECTIONS)
        return self._session.parse(_List, answer).collections

    def favourites(self) -> Collection:
        """Return the collection of one's favourites.

        :raises faafo.errors.ApiRefused: for a visitor, who has none.
        """
        mine = self._session.location(f"{COLLECTIONS}/mine")
        return self.collection(mine.rpartition("/")[2])

    def collection(self, uuid: str) -> Collection:
        """Return a collection."""
        return self._parsed(self._session.json("GET", _path(uuid)))

    def create_collection(self, name: str, *, shared: bool = False) -> Collection:
        """Make a collection."""
        return self._parsed(
            self._session.json("POST", COLLECTIONS, {"name": name, "shared": shared})
        )

    def change_collection(
        self, uuid: str, *, name: str | None = None, shared: bool | None = None
    ) -> Collection:
        """Rename a collection, or share it; what is None stays as it is."""
        given = {"name": name, "shared": shared}
        changes = {key: value for key, value in given.items() if value is not None}
        return self._parsed(self._session.json("PATCH", _path(uuid), changes))

    def delete_collection(self, uuid: str) -> None:
        """Delete a collection; its fractals stay."""
        self._session.json("DELETE", _path(uuid))

    def add_to_collection(self, uuid: str, fractal: str) -> None:
        """Put a fractal into a collection."""
        self._session.json("PUT", f"{_path(uuid)}/fractal/{fractal}")

    def remove_from_collection(self, uuid: str, fractal: str) -> None:
        """Take a fractal out of a collection."""
        self._session.json("DELETE", f"{_path(uuid)}/fractal/{fractal}")

    def _parsed(self, answer: Any) -> Collection:
        return self._session.parse(Collection, answer)


def _path(uuid: str) -> str:
    return f"{COLLECTIONS}/{uuid}"
