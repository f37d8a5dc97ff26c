# SPDX-License-Identifier: Apache-2.0
"""Cells of tables: short for people, exact for programs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cliff.columns import FormattableColumn

from faafo.client import Fractal


class Cell(FormattableColumn[Any]):
    """A value that may be absent: empty in a table, null in JSON."""

    def human_readable(self) -> str:
        """Return at most 6 digits of a number, a moment in UTC without fractions, or the text."""
        value = self._value
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, datetime):
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        return str(value)

    def machine_readable(self) -> Any:
        """Return the value as the REST API shows it."""
        if isinstance(self._value, datetime):
            return self._value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self._value


def row(fractal: Fractal, columns: Iterable[str]) -> tuple[Any, ...]:
    """Return the fields of a fractal that ``columns`` names."""
    values = (getattr(fractal, name) for name in columns)
    # What is no Cell keeps its type: the table aligns integers on the right.
    return tuple(value if isinstance(value, (int, str)) else Cell(value) for value in values)


def rows(fractals: Iterable[Fractal], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return a row for each fractal."""
    return [row(fractal, columns) for fractal in fractals]


def fields(fractal: Fractal) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return the names and the values of all fields of a fractal."""
    record = fractal.model_dump(mode="json")
    return tuple(record), tuple(record.values())
