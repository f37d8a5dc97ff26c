# SPDX-License-Identifier: Apache-2.0
"""Which fractals a page of the gallery shows, and the addresses of the pages beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import abort, url_for

from faafo.db import Session, fractals, gallery
from faafo.db.gallery import Choice, Extent, Order
from faafo.db.models import Fractal
from faafo.fractal.task import Status

PAGE_SIZE = 24

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True)
class Excerpt:
    """The fractals on one page, and the markers of the pages beside it."""

    choice: Choice
    fractals: Sequence[Fractal]
    newer_than: str | None
    older_than: str | None

    def address(self, **changes: StrEnum | str) -> str:
        """Return the address of this choice, or of one that differs as ``changes`` say.

        What is as it is by default is not named.
        """
        default = Choice()
        wanted = {
            "status": self.choice.status,
            "size": self.choice.extent,
            "sort": self.choice.order,
            **changes,
        }
        for name, usual in (
            ("status", default.status),
            ("size", default.extent),
            ("sort", default.order),
        ):
            if wanted[name] == usual:
                del wanted[name]
        parameters: dict[str, Any] = {name: str(value) for name, value in wanted.items()}
        return url_for("web.get_gallery", **parameters)


def choice_of(args: Mapping[str, str]) -> Choice:
    """Return what an address asks for; only what is complete has a duration to sort by."""
    default = Choice()
    status = _named(Status, args.get("status", default.status), "No fractal is ever {!r:.60}.")
    extent = _named(Extent, args.get("size", default.extent), "No size is called {!r:.60}.")
    order = _named(Order, args.get("sort", default.order), "No order is called {!r:.60}.")
    if status is not Status.COMPLETE and order is Order.LONGEST:
        order = default.order
    return Choice(status, extent, order)


def excerpt_of(session: Session, args: Mapping[str, str]) -> Excerpt:
    """Return the page that ``newer_than`` or ``older_than``, uuids of fractals, point at."""
    choice = choice_of(args)
    if "newer_than" in args:
        marker = _marker(session, args["newer_than"], choice)
        # One more than is shown tells whether there is another page.
        found = gallery.before(session, choice, marker, PAGE_SIZE + 1)
        if len(found) > PAGE_SIZE:
            return _cut(choice, found[1:], has_newer=True, has_older=True)
        # So close to the first: the first page, and a full one.
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
    if getattr(marker, gallery.KEYS[choice.order].key) is None:
        abort(404, description="The link to this page of the gallery is broken.")
    return marker
