# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL: they wait for an answer for a limited time, and take any text."""

import re
import time
from collections.abc import Generator, Mapping
from typing import Any

import psycopg
from psycopg.types.string import StrDumper
from psycopg.waiting import READY_NONE
from sqlalchemy.engine import URL

from faafo import errors
from faafo.db.url import shown
from faafo.urls import masked_text

# Seconds that the client waits longer than the server, whose own words say more.
GRACE = 1.0
# Transactions of the API are idle for milliseconds: this one belongs to a process that hangs.
IDLE_FACTOR = 2
SETTING = re.compile(
    r"(?:^|(?<=\s))-c (?P<name>statement_timeout|idle_in_transaction_session_timeout|"
    r"plan_cache_mode)=(?P<value>[^\s\\]+)(?=\s|$)"
)


class Dumper(StrDumper):
    """Passes text on; in place of NUL, which PostgreSQL cannot store, U+FFFD."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class Connection(psycopg.Connection[Any]):
    """A connection that gives up a server which does not answer for ``patience`` seconds.

    libpq notices only that a host is gone, not that a server hangs.
    """

    patience: float | None = None

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        if self.patience is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_until(gen, time.monotonic() + self.patience), *args, **kwargs)
        except psycopg.errors.ConnectionTimeout:
            self.close()
            raise


def connect(*arguments: Any, **options: Any) -> Connection:
    """Open a connection; its patience follows from ``tcp_user_timeout``, if it is given.

    Our settings among ``options`` are made by a statement: PgBouncer refuses them, or drops them.

    :raises psycopg.Error: when that is not possible.
    """
    settings, options["options"] = _split(options.get("options", ""))
    connection = Connection.connect(*arguments, **options)
    connection.adapters.register_dumper(str, Dumper)
    if milliseconds := options.get("tcp_user_timeout"):
        connection.patience = int(milliseconds) / 1000 + GRACE
    if settings:
        _set(connection, settings)
    return connection


def _split(options: str) -> tuple[dict[str, str], str]:
    """Return our settings among libpq's ``options``, the last value of each, and all others."""
    settings = {one["name"]: one["value"] for one in SETTING.finditer(options)}
    return settings, SETTING.sub("", options).strip()


def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    calls = ", ".join("set_config(%s, %s, false)" for _ in settings)
    values = [text for setting in settings.items() for text in setting]
    try:
        # One statement, and no transaction.
        connection.autocommit = True
        connection.execute(f"SELECT {calls}".encode(), values)
        connection.autocommit = False
    except psycopg.Error:
        connection.close()
        raise


def connect_arguments(url: URL, timeout: float | None, connect_seconds: int) -> dict[str, Any]:
    """Return the arguments of libpq that limit how long a connection waits.

    :param timeout: seconds to wait for an answer, or for a lock; None: no limit.
    :raises faafo.errors.ConfigurationError: when the URL has arguments that libpq does not know.
    """
    _check_names(url)
    # A name in a column must be the same text whatever encoding the database has.
    arguments: dict[str, Any] = {"connect_timeout": connect_seconds, "client_encoding": "utf8"}
    if timeout is None:
        return arguments
    milliseconds = round(1000 * timeout)
    settings = {
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": IDLE_FACTOR * milliseconds,
        # A plan for values that are not known would read a million rows for a rare one.
        "plan_cache_mode": "force_custom_plan",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return arguments | {
        "tcp_user_timeout": milliseconds,
        # Those of the URL come last: they win.
        "options": " ".join([options, *url.normalized_query.get("options", ())]),
    }


def _check_names(url: URL) -> None:
    _, arguments = url.get_dialect()().create_connect_args(url)
    try:
        psycopg.conninfo.make_conninfo(**arguments)
    except psycopg.ProgrammingError as error:
        raise errors.ConfigurationError(
            f"database_url = {shown(url)}: the driver does not take its arguments: "
            f"{masked_text(str(error).splitlines()[0])}"
        ) from None


def _until(gen: Generator[Any, Any, Any], deadline: float) -> Generator[Any, Any, Any]:
    """Yield what ``gen`` waits for, until it has its result or the deadline is over."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready == READY_NONE and time.monotonic() >= deadline:
                raise psycopg.errors.ConnectionTimeout("the server has not answered in time")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
