# SPDX-License-Identifier: Apache-2.0
"""The search language of Flask-Restless 0.17, as SQL conditions over the fields of a record."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, String, Text, and_, or_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db.models import RECORD_FIELDS, Fractal

COLUMNS: dict[str, InstrumentedAttribute] = {name: getattr(Fractal, name) for name in RECORD_FIELDS}

_COMPARISONS: dict[tuple[str, ...], Callable[[Any, Any], ColumnElement[bool]]] = {
    ("==", "eq", "equals", "equals_to"): lambda column, val: column == val,
    ("!=", "ne", "neq", "does_not_equal", "not_equal_to"): lambda column, val: column != val,
    (">", "gt"): lambda column, val: column > val,
    ("<", "lt"): lambda column, val: column < val,
    (">=", "ge", "gte", "geq"): lambda column, val: column >= val,
    ("<=", "le", "lte", "leq"): lambda column, val: column <= val,
    ("like",): lambda column, val: column.like(val),
    ("ilike",): lambda column, val: column.ilike(val),
    ("not_like",): lambda column, val: column.not_like(val),
    ("in",): lambda column, val: column.in_(val),
    ("not_in",): lambda column, val: column.not_in(val),
    ("is_null",): lambda column, _val: column.is_(None),
    ("is_not_null",): lambda column, _val: column.is_not(None),
}
OPERATORS = {name: compare for names, compare in _COMPARISONS.items() for name in names}
WITHOUT_VALUE = {"is_null", "is_not_null"}
WITH_LIST = {"in", "not_in"}
WITH_PATTERN = {"like", "ilike", "not_like"}

INT64 = 2**63


def condition(name: str, op: str, val: Any = None) -> ColumnElement[bool]:
    """Return the condition that compares field ``name`` with ``val`` by operator ``op``.

    :raises faafo.errors.InvalidQuery: for an unknown field or operator, or a value that the field
        cannot be compared with.
    """
    column = _column(name)
    if op not in OPERATORS:
        raise errors.InvalidQuery(f"q: unknown op {op!r}; known are {', '.join(OPERATORS)}")
    if op in WITHOUT_VALUE:
        return OPERATORS[op](column, None)
    if op in WITH_LIST:
        if not isinstance(val, list):
            raise errors.InvalidQuery(f"q: op {op!r} needs a list as val, not {val!r}")
        return OPERATORS[op](column, [_value(name, column, item) for item in val])
    if op in WITH_PATTERN and not _is_text(column):
        raise errors.InvalidQuery(f"q: op {op!r} is for text, and {name} is not")
    return OPERATORS[op](column, _value(name, column, val))


def every(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that all of ``conditions`` hold."""
    return and_(True, *conditions)


def some(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that at least one of ``conditions`` holds."""
    return or_(False, *conditions)


def order(name: str, direction: str = "asc") -> ColumnElement:
    """Return the sort key for field ``name``; ``direction`` is asc or desc.

    :raises faafo.errors.InvalidQuery: for an unknown field.
    """
    column = _column(name)
    return column.desc() if direction == "desc" else column.asc()


def _column(name: str) -> InstrumentedAttribute:
    try:
        return COLUMNS[name]
    except KeyError:
        raise errors.InvalidQuery(
            f"q: unknown field {name!r}; known are {', '.join(COLUMNS)}"
        ) from None


def _is_text(column: InstrumentedAttribute) -> bool:
    return isinstance(column.type, String | Text)


def _value(name: str, column: InstrumentedAttribute, val: Any) -> Any:
    """Return ``val`` as a type that the database can compare with the column."""
    if isinstance(column.type, DateTime):
        return _moment(name, val)
    if _is_text(column):
        if isinstance(val, str) and val.isprintable():
            return val
        raise errors.InvalidQuery(f"q: {name} is compared with printable text, not {val!r}")
    if isinstance(val, bool) or not isinstance(val, int | float) or not -INT64 <= val < INT64:
        raise errors.InvalidQuery(f"q: {name} is compared with a 64-bit number, not {val!r}")
    return val


def _moment(name: str, val: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(val)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError):
        raise errors.InvalidQuery(
            f"q: {name} is compared with a time such as 2026-01-31T12:00:00Z, not {val!r}"
        ) from None
