# SPDX-License-Identifier: Apache-2.0
"""Cells of tables: short for people, exact for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cliff.columns import FormattableColumn
from pydantic import BaseModel


class Cell(FormattableColumn[Any]):
    """A value that may be absent: empty in a table, null in JSON."""

    def human_readable(self) -> str:
        """Return at most 6 digits of a number, a moment in UTC without fractions, or the text.

        The items of a list are separated by commas; what has members is JSON.
        """
        value = self._value
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, datetime):
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if isinstance(value, dict):
            return json.dumps(value)
        return str(value)

    def machine_readable(self) -> Any:
        """Return the value as the REST API shows it."""
        if isinstance(self._value, datetime):
            return self._value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self._value


class Counts(FormattableColumn[dict[str, int]]):
    """Numbers by name."""

    def human_readable(self) -> str:
        """Return them in one line."""
        return ", ".join(f"{count} {name}" for name, count in self._value.items())


def row(record: BaseModel, columns: Iterable[str]) -> tuple[Any, ...]:
    """Return the fields of a record that ``columns`` names."""
    # What a service does not have, or an older one does not know, is absent.
    values = (getattr(record, name, None) for name in columns)
    # What is no Cell keeps its type: the table aligns integers on the right.
    return tuple(value if isinstance(value, (int, str)) else Cell(value) for value in values)


def rows(records: Iterable[BaseModel], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return a row for each record."""
    return [row(record, columns) for record in records]


def fields(record: BaseModel) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return the names and the values of all fields of a record that the API has sent."""
    values = record.model_dump(mode="json", exclude_unset=True)
    shown = (Cell(value) if isinstance(value, (list, dict)) else value for value in values.values())
    return tuple(values), tuple(shown)
