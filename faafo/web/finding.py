# SPDX-License-Identifier: Apache-2.0
"""The filters of the gallery in the query of a URL: palette, worker, days, start of the uuid."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import abort

from faafo.db.finding import Filter
from faafo.fractal import palette as palettes

# 32 hexadecimal digits in groups.
GROUPS = (8, 4, 4, 4, 12)
DIGITS = re.compile(r"[0-9a-f]{1,32}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_NAME = 255


def filter_of(args: Mapping[str, str]) -> Filter:
    """Return the filter in the query of a URL; fields of the form that are left empty are none.

    :raises werkzeug.exceptions.BadRequest: for a bad value; it names the field.
    """
    given = {name: args.get(name, "").strip() for name in PARSERS}
    return Filter(**{name: _parsed(name, text) for name, text in given.items() if text})


def query_of(wanted: Filter) -> dict[str, str]:
    """Return the fields of the query that asks for ``wanted``."""
    values = {name: getattr(wanted, name) for name in PARSERS}
    return {name: str(value) for name, value in values.items() if value is not None}


def _parsed(name: str, text: str) -> Any:
    try:
        return PARSERS[name](text)
    except ValueError as error:
        abort(400, description=f"{name}: must be {error}, not {text!r:.60}")


def _palette(text: str) -> str:
    if text not in palettes.NAMES:
        raise ValueError(f"one of {', '.join(palettes.NAMES)}")
    return text


def _worker(text: str) -> str:
    if not text.isprintable() or len(text) > LONGEST_NAME:
        raise ValueError(f"the name of a worker, of at most {LONGEST_NAME} characters")
    return text


def _day(text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("a day such as 2026-01-31")


def _beginning(text: str) -> str:
    digits = text.lower().replace("-", "")
    if not DIGITS.fullmatch(digits):
        raise ValueError("the beginning of a uuid, of 1 to 32 hexadecimal digits")
    parts, begin = [], 0
    for length in GROUPS:
        parts.append(digits[begin : begin + length])
        begin += length
    return "-".join(part for part in parts if part)


PARSERS: dict[str, Callable[[str], Any]] = {
    "palette": _palette,
    "worker": _worker,
    "since": _day,
    "until": _day,
    "uuid": _beginning,
}
