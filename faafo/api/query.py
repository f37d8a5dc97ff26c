# SPDX-License-Identifier: Apache-2.0
"""The parameter ``q`` of a list: filters and order in the syntax of Flask-Restless 0.17."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import search

# In characters. It holds MAX_VALUES uuids.
MAX_LENGTH = 65_536
MAX_DEPTH = 8
MAX_FILTERS = 100


@dataclass(frozen=True)
class Search:
    """The filters and the order of a list."""

    where: tuple[ColumnElement[bool], ...] = ()
    order_by: tuple[ColumnElement, ...] = ()


@dataclass
class _Sum:
    """What all parts of one q have together."""

    filters: int = 0
    values: int = 0

    def add(self, values: int) -> None:
        """Count one more filter, which compares with that many values."""
        self.filters += 1
        self.values += values
        if self.filters > MAX_FILTERS:
            raise errors.InvalidQuery(
                f"q: filters are at most {MAX_FILTERS} in all, nested ones included"
            )
        if self.values > search.MAX_VALUES:
            raise errors.InvalidQuery(
                f"q: lists have at most {search.MAX_VALUES} values in all filters together"
            )


def parse(text: str | None) -> Search:
    """Return the search that ``q`` describes.

    :raises faafo.errors.InvalidQuery: when ``q`` is not valid.
    """
    if text is None:
        return Search()
    document = _members(_decode(text), "q", {"filters", "order_by"})
    filters = _list(document.get("filters", []), "filters", MAX_FILTERS)
    order_by = _list(document.get("order_by", []), "order_by", len(search.COLUMNS))
    total = _Sum()
    return Search(
        tuple(_condition(item, MAX_DEPTH, total) for item in filters),
        tuple(_order(item) for item in order_by),
    )


def _decode(text: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise errors.InvalidQuery(f"q: has at most {MAX_LENGTH} characters, not {len(text)}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidQuery(f"q: is not JSON: {error}") from None


def _condition(item: Any, depth: int, total: _Sum) -> ColumnElement[bool]:
    if depth == 0:
        raise errors.InvalidQuery(f"q: filters nest more than {MAX_DEPTH} deep")
    for junction, combine in (("and", search.every), ("or", search.some)):
        if isinstance(item, dict) and junction in item:
            total.add(values=0)
            parts = _list(_members(item, "a filter", {junction})[junction], junction, MAX_FILTERS)
            return combine([_condition(part, depth - 1, total) for part in parts])
    members = _members(item, "a filter", {"name", "op", "val"})
    val = members.get("val")
    condition = search.condition(
        _text(members, "name", "a filter"), _text(members, "op", "a filter"), val
    )
    total.add(values=len(val) if isinstance(val, list) else 1)
    return condition


def _order(item: Any) -> ColumnElement:
    members = _members(item, "order_by", {"field", "direction"})
    direction = members.get("direction", "asc")
    if direction not in ("asc", "desc"):
        raise errors.InvalidQuery(f"q: direction is 'asc' or 'desc', not {direction!r:.60}")
    return search.order(_text(members, "field", "order_by"), direction)


def _members(item: Any, what: str, allowed: set[str]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise errors.InvalidQuery(f"q: {what} must be an object, not {item!r:.60}")
    unknown = sorted(set(item) - allowed)
    if unknown:
        raise errors.InvalidQuery(
            f"q: {what} has no member {unknown[0]!r:.60}; known are {', '.join(sorted(allowed))}"
        )
    return item


def _list(item: Any, what: str, most: int) -> list[Any]:
    if not isinstance(item, list) or len(item) > most:
        raise errors.InvalidQuery(
            f"q: {what} must be a list of at most {most} objects, not {item!r:.60}"
        )
    return item


def _text(members: dict[str, Any], name: str, what: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise errors.InvalidQuery(f"q: {what} needs a {name}, not {value!r:.60}")
    return value
