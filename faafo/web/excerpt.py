# SPDX-License-Identifier: Apache-2.0
"""The fractals on a page of the gallery, and the URLs of the next and the previous page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import abort, url_for

from faafo import errors
from faafo.core import access
from faafo.core.access import Range
from faafo.core.context import request_context
from faafo.db import Session, fractals, gallery
from faafo.db.finding import NO_FILTER
from faafo.db.gallery import Choice, Extent, Order
from faafo.db.models import Collection, Fractal
from faafo.db.scope import Scope
from faafo.fractal.task import Status
from faafo.web.finding import filter_of, query_of

PAGE_SIZE = 24

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True)
class Excerpt:
    """The fractals on one page, and the markers of the next and the previous page."""

    choice: Choice
    fractals: Sequence[Fractal]
    newer_than: str | None
    older_than: str | None
    range: Range = Range.PROJECT
    collection: Collection | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether fractals are left out, other than those of another status."""
        default = Choice()
        return (self.choice.filter, self.choice.extent) != (default.filter, default.extent)

    @property
    def unfiltered(self) -> "Excerpt":
        """The same choice without a filter."""
        return replace(self, choice=replace(self.choice, filter=NO_FILTER))

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the query of this choice but for the filter; defaults are left out."""
        return self._fields()

    def address(self, **changes: StrEnum | str) -> str:
        """Return the URL of this choice with ``changes`` applied; defaults are left out."""
        parameters: dict[str, Any] = self._fields(**changes) | query_of(self.choice.filter)
        if self.collection is None:
            return url_for("web.get_gallery", **parameters)
        return url_for("collections.get_collection", uuid=self.collection.uuid, **parameters)

    def _fields(self, **changes: StrEnum | str) -> dict[str, str]:
        default = Choice()
        wanted = {
            "status": self.choice.status,
            "size": self.choice.extent,
            "sort": self.choice.order,
            "scope": self.range,
            **changes,
        }
        for name, value in (
            ("status", default.status),
            ("size", default.extent),
            ("sort", default.order),
            ("scope", Range.PROJECT),
        ):
            if wanted[name] == value:
                del wanted[name]
        return {name: str(value) for name, value in wanted.items()}


def choice_of(args: Mapping[str, str], scope: Scope | None = None) -> Choice:
    """Return the choice in the query of a URL; only complete fractals are sorted by duration.

    :param scope: by default the one that the query names.
    :raises faafo.errors.Forbidden: for all projects, unless a rule allows that.
    :raises werkzeug.exceptions.BadRequest: for a bad value of a filter.
    """
    default = Choice()
    status = _named(Status, args.get("status", default.status), "There is no status {!r:.60}.")
    extent = _named(Extent, args.get("size", default.extent), "There is no size {!r:.60}.")
    order = _named(Order, args.get("sort", default.order), "There is no order {!r:.60}.")
    if status is not Status.COMPLETE and order is Order.LONGEST:
        order = default.order
    wanted_scope = scope or access.scope_of(range_of(args))
    return Choice(status, extent, order, wanted_scope, filter_of(args))


def range_of(args: Mapping[str, str]) -> Range:
    """Return whose fractals the query of a URL asks for."""
    return _named(Range, args.get("scope", Range.PROJECT), "There is no scope {!r:.60}.")


def ranges() -> list[Range]:
    """Return the ranges that the sender of the request can choose from."""
    if request_context().project_id is None:
        return []
    return [one for one in Range if one is not Range.ALL_PROJECTS or access.sees_all()]


def excerpt_of(
    session: Session,
    args: Mapping[str, str],
    choice: Choice,
    collection: Collection | None = None,
) -> Excerpt:
    """Return the page beside the marker in ``newer_than`` or ``older_than``, else the first.

    :param collection: whose gallery it is a page of.
    """
    found = _excerpt(session, args, choice)
    if collection is not None:
        return replace(found, collection=collection)
    return replace(found, range=range_of(args))


def _excerpt(session: Session, args: Mapping[str, str], choice: Choice) -> Excerpt:
    if "newer_than" in args:
        marker = _marker(session, args["newer_than"], choice)
        # One more than a page shows: there is another page if it is found.
        found = gallery.before(session, choice, marker, PAGE_SIZE + 1)
        if len(found) > PAGE_SIZE:
            return _cut(choice, found[1:], has_newer=True, has_older=True)
        # At most one page is newer: show the first page, which is full.
    elif "older_than" in args:
        marker = _marker(session, args["older_than"], choice)
        found = gallery.after(session, choice, marker, PAGE_SIZE + 1)
        if found:
            return _cut(choice, found[:PAGE_SIZE], True, has_older=len(found) > PAGE_SIZE)
    found = gallery.first(session, choice, PAGE_SIZE + 1)
    return _cut(choice, found[:PAGE_SIZE], has_newer=False, has_older=len(found) > PAGE_SIZE)


def _cut(choice: Choice, found: Sequence[Fractal], has_newer: bool, has_older: bool) -> Excerpt:
    return Excerpt(
        choice,
        found,
        newer_than=found[0].uuid if has_newer else None,
        older_than=found[-1].uuid if has_older else None,
    )


def _named(kind: type[Name], name: str, sentence: str) -> Name:
    try:
        return kind(name)
    except ValueError:
        abort(404, description=sentence.format(name))


def _marker(session: Session, text: str, choice: Choice) -> Fractal:
    try:
        marker = fractals.get(session, str(UUID(text)))
    except ValueError:
        abort(404, description="The link to this page of the gallery is broken.")
    if not choice.scope.includes(marker):
        raise errors.FractalNotFound(f"there is no fractal {marker.uuid}")
    if getattr(marker, gallery.KEYS[choice.order].key) is None:
        abort(404, description="The link to this page of the gallery is broken.")
    return marker
