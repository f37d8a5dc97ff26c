# SPDX-License-Identifier: Apache-2.0
"""The search language of Flask-Restless 0.17, as SQL conditions over the fields of a record."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Double,
    Integer,
    String,
    Text,
    and_,
    not_,
    or_,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db.models import Fractal
from faafo.db.ordering import ascending, descending
from faafo.db.records import RECORD_FIELDS
from faafo.db.text import ANY_TEXT, exact, matches, matches_in_any_case

COLUMNS: dict[str, InstrumentedAttribute] = {name: getattr(Fractal, name) for name in RECORD_FIELDS}

_COMPARISONS: dict[tuple[str, ...], Callable[[Any, Any], ColumnElement[bool]]] = {
    ("==", "eq", "equals", "equals_to"): lambda column, val: column == val,
    ("!=", "ne", "neq", "does_not_equal", "not_equal_to"): lambda column, val: column != val,
    (">", "gt"): lambda column, val: column > val,
    ("<", "lt"): lambda column, val: column < val,
    (">=", "ge", "gte", "geq"): lambda column, val: column >= val,
    ("<=", "le", "lte", "leq"): lambda column, val: column <= val,
    ("like",): matches,
    ("ilike",): matches_in_any_case,
    ("not_like",): lambda column, val: not_(matches(column, val)),
    ("in",): lambda column, val: column.in_(val),
    ("not_in",): lambda column, val: column.not_in(val),
    ("is_null",): lambda column, _val: column.is_(None),
    ("is_not_null",): lambda column, _val: column.is_not(None),
}
OPERATORS = {name: compare for names, compare in _COMPARISONS.items() for name in names}
WITHOUT_VALUE = {"is_null", "is_not_null"}
WITH_LIST = {"in", "not_in"}
WITH_PATTERN = {"like", "ilike", "not_like"}
# Operators that an index can help: the collation finds candidates, the exact text decides.
BY_INDEX = {"==", "eq", "equals", "equals_to", "in"}
# Fields that hold nothing but lower-case ASCII are sorted the same way by every collation.
FREE_TEXT = {"fault", "generated_by", "project_id", "user_id"}

MAX_VALUES = 1000
MAX_TEXT = 4000
MAX_PATTERN = 255
MAX_WILDCARDS = 10

INT64 = 2**63


def condition(name: str, op: str, val: Any = None) -> ColumnElement[bool]:
    """Return the condition that compares field ``name`` with ``val`` by operator ``op``.

    :raises faafo.errors.InvalidQuery: for an unknown field or operator, or a value that the field
        cannot be compared with.
    """
    column = _column(name)
    if op not in OPERATORS:
        raise errors.InvalidQuery(f"q: unknown op {op!r:.60}; known are {', '.join(OPERATORS)}")
    if op in WITHOUT_VALUE:
        return OPERATORS[op](column, None)
    if op in WITH_PATTERN:
        return OPERATORS[op](column, _pattern(name, column, op, val))
    if op in WITH_LIST:
        value: Any = [_value(name, column, item) for item in _values(op, val)]
    else:
        value = _value(name, column, val)
    if not _is_text(column):
        return OPERATORS[op](*_widened(column, value))
    is_exact = OPERATORS[op](exact(column), value)
    return and_(OPERATORS[op](column, value), is_exact) if op in BY_INDEX else is_exact


def every(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that all of ``conditions`` hold."""
    return and_(True, *conditions)


def some(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that at least one of ``conditions`` holds."""
    return or_(False, *conditions)


def order(name: str, direction: str = "asc") -> ColumnElement[Any]:
    """Return the sort key for field ``name``; ``direction`` is asc or desc.

    :raises faafo.errors.InvalidQuery: for an unknown field.
    """
    column = _column(name)
    key: Any = exact(column) if name in FREE_TEXT else column
    return descending(key) if direction == "desc" else ascending(key)


def _column(name: str) -> InstrumentedAttribute:
    try:
        return COLUMNS[name]
    except KeyError:
        raise errors.InvalidQuery(
            f"q: unknown field {name!r:.60}; known are {', '.join(COLUMNS)}"
        ) from None


def _values(op: str, val: Any) -> list[Any]:
    if not isinstance(val, list):
        raise errors.InvalidQuery(f"q: op {op!r} needs a list as val, not {val!r:.60}")
    if len(val) > MAX_VALUES:
        raise errors.InvalidQuery(
            f"q: op {op!r} takes a list of at most {MAX_VALUES} values, not {len(val)}"
        )
    return val


def _pattern(name: str, column: InstrumentedAttribute, op: str, val: Any) -> Any:
    if not _is_text(column):
        raise errors.InvalidQuery(f"q: op {op!r} is for text, and {name} is not")
    val = _value(name, column, val)
    if len(val) > MAX_PATTERN:
        raise errors.InvalidQuery(
            f"q: a pattern has at most {MAX_PATTERN} characters, not {len(val)}: {val!r:.60}"
        )
    wildcards = val.count(ANY_TEXT)
    if wildcards > MAX_WILDCARDS:
        raise errors.InvalidQuery(
            f"q: a pattern has at most {MAX_WILDCARDS} times '%', not {wildcards}: {val!r:.60}"
        )
    return val


def _widened(column: InstrumentedAttribute, value: Any) -> tuple[Any, Any]:
    """Return a column with a type that takes ``value``: PostgreSQL converts it to that type."""
    if not isinstance(column.type, Integer):
        return column, value
    values = value if isinstance(value, list) else [value]
    if all(isinstance(one, int) for one in values):
        return type_coerce(column, BigInteger), value
    floats = [float(one) for one in values]
    return type_coerce(column, Double), floats if isinstance(value, list) else floats[0]


def _is_text(column: InstrumentedAttribute) -> bool:
    return isinstance(column.type, String | Text)


def _value(name: str, column: InstrumentedAttribute, val: Any) -> Any:
    """Return ``val`` as a type that the database can compare with the column."""
    if isinstance(column.type, DateTime):
        return _moment(name, val)
    if _is_text(column):
        if isinstance(val, str) and val.isprintable() and len(val) <= MAX_TEXT:
            return val
        raise errors.InvalidQuery(
            f"q: {name} is compared with printable text of at most {MAX_TEXT} characters, "
            f"not {val!r:.60}"
        )
    if isinstance(column.type, Boolean):
        if isinstance(val, bool):
            return val
        raise errors.InvalidQuery(f"q: {name} is compared with true or false, not {val!r:.60}")
    if isinstance(val, bool) or not isinstance(val, int | float) or not -INT64 <= val < INT64:
        raise errors.InvalidQuery(f"q: {name} is compared with a 64-bit number, not {val!r:.60}")
    return val


def _moment(name: str, val: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(val)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError):
        raise errors.InvalidQuery(
            f"q: {name} is compared with a time such as 2026-01-31T12:00:00Z, not {val!r:.60}"
        ) from None
