# SPDX-License-Identifier: Apache-2.0
"""Values on the command line: each is a function from text, which argparse calls.

Their errors name the value and the bound; argparse adds the option.
"""

import math
import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from faafo.fractal.drawing import RGB
from faafo.fractal.events import TYPES
from faafo.fractal.numbers import INTEGER, MAX_INT32, NUMBER
from faafo.fractal.signing import LONGEST, check_secret
from faafo.fractal.task import MAX_COORDINATE
from faafo.urls import check, masked

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
AGE_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_REAL = NUMBER.pattern
# The sign between the parts keeps 0.5i from being read as 0. and 5i.
_COMPLEX = re.compile(
    rf"((?P<real>{_REAL})(?=[+-]))?(?P<imaginary>[+-]?{_REAL.removeprefix('-?')})[ij]"
)
_DURATION = re.compile(r"(?P<count>[0-9]+\.?[0-9]*)(?P<unit>[smh]?)")
_AGE = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhd])")
# Names the collection of one's favourites.
MINE = "mine"
STANDARD_INPUT = "-"
# Characters that are read of a file with a secret; a valid one has fewer.
LONGEST_SECRET_FILE = 4 * LONGEST


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return the type of an integer from ``low`` to ``high``."""

    def integer(text: str) -> int:
        # Python would also read 1_0 and full-width digits.
        if len(text) < 20 and INTEGER.fullmatch(text) and low <= int(text) <= high:
            return int(text)
        raise ArgumentTypeError(f"must be an integer from {low} to {high}, not {text!r:.60}")

    return integer


def number(low: float, high: float, what: str = "a number") -> Callable[[str], float]:
    """Return the type of a number from ``low`` to ``high``."""

    def real(text: str) -> float:
        if NUMBER.fullmatch(text) and low <= float(text) <= high:
            return float(text)
        raise ArgumentTypeError(f"must be {what} from {low:.15g} to {high:.15g}, not {text!r:.60}")

    return real


def duration(low: float, high: float) -> Callable[[str], float]:
    """Return the type of a duration in seconds, such as 90, 1.5s, 10m or 1h."""

    def seconds(text: str) -> float:
        found = _DURATION.fullmatch(text)
        value = float(found["count"]) * UNITS[found["unit"]] if found else math.nan
        if low <= value <= high:
            return value
        raise ArgumentTypeError(
            f"must be a duration from {low:g}s to {high:g}s, such as 30s, 10m or 1h, "
            f"not {text!r:.60}"
        )

    return seconds


def colour(text: str) -> str:
    """Return red, green and blue, such as 102030 or #102030; a shell takes # for a comment."""
    rgb = "#" + text.lower().removeprefix("#")
    if RGB.fullmatch(rgb):
        return rgb
    raise ArgumentTypeError(f"must be red, green and blue such as 102030, not {text!r:.60}")


size = whole(1, MAX_INT32)
coordinate = number(-MAX_COORDINATE, MAX_COORDINATE)


def constant(text: str) -> complex:
    """Return a complex number, such as -0.8+0.156i, 0.25 or 1i."""
    shown = text.replace(" ", "")
    found = _COMPLEX.fullmatch(shown)
    if found:
        parts = float(found["real"] or 0), float(found["imaginary"])
    elif NUMBER.fullmatch(shown):
        parts = float(shown), 0.0
    else:
        raise ArgumentTypeError(
            f"must be a complex number such as -0.8+0.156i, 0.25 or 1i, not {text!r:.60}"
        )
    for part in parts:
        coordinate(f"{part:.17g}")
    return complex(*parts)


def uuid(text: str) -> str:
    """Return a uuid in lower case."""
    try:
        if str(UUID(text)) == text.lower():
            return text.lower()
    except ValueError:
        pass
    raise ArgumentTypeError(
        f"must be a UUID such as 12345678-9abc-4def-8123-456789abcdef, not {text!r:.60}"
    )


def collection(text: str) -> str:
    """Return the uuid of a collection in lower case, or MINE."""
    return text if text == MINE else uuid(text)


def event_types(text: str) -> list[str]:
    """Return types of events that commas separate."""
    given = [one.strip() for one in text.split(",")]
    unknown = [one for one in given if one not in TYPES]
    if not unknown:
        return given
    raise ArgumentTypeError(
        f"must be types of events, separated by commas, not {', '.join(map(repr, unknown)):.120}; "
        f"known: {', '.join(TYPES)}"
    )


def since(text: str) -> datetime:
    """Return the moment that a text such as 2h has as its age, or that it is in ISO 8601."""
    return _moment(text, -1, "an age")


def until(text: str) -> datetime:
    """Return the moment after a duration such as 2h from now, or that a text is in ISO 8601."""
    return _moment(text, 1, "a duration")


def _moment(text: str, direction: int, what: str) -> datetime:
    try:
        if found := _AGE.fullmatch(text):
            length = timedelta(**{AGE_UNITS[found["unit"]]: int(found["count"])})
            return datetime.now(UTC) + direction * length
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(
            f"must be {what} such as 30m, 2h or 1d, or a time such as 2026-11-28T18:00 (UTC unless "
            f"it has a zone), not {text!r:.60}"
        ) from None


def text(least: int, most: int) -> Callable[[str], str]:
    """Return the type of a text of ``least`` to ``most`` characters."""

    def characters(given: str) -> str:
        if least <= len(given) <= most:
            return given
        raise ArgumentTypeError(f"must have {least} to {most} characters, not {len(given)}")

    return characters


def secret_file(text: str) -> str:
    """Return the secret in a file, or in standard input; no error shows it."""
    try:
        secret = _beginning(text).strip()
        check_secret(secret)
    except OSError as error:
        raise ArgumentTypeError(f"{text}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ArgumentTypeError(f"{text}: is not text") from None
    except ValueError as error:
        raise ArgumentTypeError(f"{text}: {error}") from None
    return secret


def _beginning(path: str) -> str:
    if path == STANDARD_INPUT:
        return sys.stdin.read(LONGEST_SECRET_FILE)
    with Path(path).open(encoding="utf-8") as file:
        return file.read(LONGEST_SECRET_FILE)


def url(text: str) -> str:
    """Return the URL of a service."""
    try:
        check(text, ("http", "https"), plain=True)
    except ValueError as error:
        raise ArgumentTypeError(f"{masked(text)}: {error}") from None
    return text


def readable_file(text: str) -> str:
    """Return the path of a file that can be read."""
    try:
        with Path(text).open("rb"):
            return text
    except OSError as error:
        raise ArgumentTypeError(f"{text}: {error.strerror}") from None


def join_negative(argv: list[str]) -> list[str]:
    """Return ``argv`` with ``--c -0.8+0.156i`` as ``--c=-0.8+0.156i``: argparse sees an option."""
    joined: list[str] = []
    for argument in argv:
        if joined and _is_bare_option(joined[-1]) and re.match(r"-[0-9.]", argument):
            joined[-1] = f"{joined[-1]}={argument}"
        else:
            joined.append(argument)
    return joined


def _is_bare_option(argument: Any) -> bool:
    return argument.startswith("--") and len(argument) > 2 and "=" not in argument
