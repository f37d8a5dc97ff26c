# SPDX-License-Identifier: Apache-2.0
"""Engines: their options by database URL, their connections, and their errors as faafo's."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, exc
from sqlalchemy.engine import URL

from faafo import errors
from faafo.db.url import shown
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5
# A connection used within this time is assumed to be alive.
TRUSTED_SECONDS = 1.0
# sqlite3 needs a number.
NO_TIMEOUT = 3600.0
IN_MEMORY = (None, "", ":memory:")
# Errors show no values: secrets of webhooks are among them, and errors are logged.
DISCREET = {"hide_parameters": True}
# Connections of the pool beyond two for each thread: for claims, reports and the console.
SPARE_CONNECTIONS = 8
# A connection becomes free within milliseconds, or the database is in trouble.
POOL_SECONDS = 1.0


def engine_options(
    url: URL, timeout: float | None = None, threads: int | None = None
) -> dict[str, Any]:
    """Return the keyword arguments ``create_engine`` needs for ``url``.

    :param timeout: seconds to wait for an answer, or for a lock; None: no limit.
    :param threads: number of threads that use connections at the same time, slow requests and
        claims apart; None: as many as SQLAlchemy's pool has by default.
    """
    if url.get_backend_name() == "sqlite":
        patience = NO_TIMEOUT if timeout is None else timeout
        pool = {} if url.database in IN_MEMORY else _pool_options(threads)
        return {"connect_args": {"timeout": patience}, **pool, **DISCREET}
    is_postgresql = url.get_backend_name() == "postgresql"
    return {
        "connect_args": (_postgresql if is_postgresql else _mysql)(url, timeout),
        **_pool_options(threads),
        **DISCREET,
        "pool_recycle": 3600,
        # Sessions end their transactions themselves; there is nothing left to roll back.
        "pool_reset_on_return": None,
        # Claims lock the rows they take, not the gaps between them.
        "isolation_level": "READ COMMITTED",
    }


def _mysql(_url: URL, timeout: float | None) -> dict[str, Any]:
    # Without a timeout, a read from a server that has vanished blocks forever.
    arguments: dict[str, Any] = {"read_timeout": timeout, "write_timeout": timeout}
    if timeout is not None:
        # Ends what the client has given up. MySQL, which has no such limit, sees a comment.
        arguments["init_command"] = (
            f"SET SESSION sql_mode = @@sql_mode /*M!100101 , max_statement_time = {timeout:.3f} */"
        )
    return {"connect_timeout": CONNECT_SECONDS, **arguments}


def _postgresql(url: URL, timeout: float | None) -> dict[str, Any]:
    # psycopg, with what it imports, takes 10 MB, which an API on another database saves.
    from faafo.db import postgresql  # noqa: PLC0415

    return postgresql.connect_arguments(url, timeout, CONNECT_SECONDS)


def _connector(dialect: Any) -> Callable[..., Any]:
    if dialect.name != "postgresql":
        return dialect.connect
    from faafo.db import postgresql  # noqa: PLC0415

    return postgresql.connect


def _pool_options(threads: int | None) -> dict[str, Any]:
    if threads is None:
        return {}
    return {
        "pool_size": threads,
        "max_overflow": threads + SPARE_CONNECTIONS,
        "pool_timeout": POOL_SECONDS,
    }


def make_sqlite_directory(url: URL) -> None:
    """Create the directory of a SQLite file.

    :raises faafo.errors.ConfigurationError: when that is not possible.
    """
    if url.get_backend_name() != "sqlite" or url.database in IN_MEMORY:
        return
    directory = Path(url.database).parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.ConfigurationError(
            f"database_url = {shown(url)}: cannot create the directory {directory}: "
            f"{error.strerror}"
        ) from None


def is_new_sqlite(url: URL) -> bool:
    """Return whether ``url`` is that of a SQLite file which would be made by opening it."""
    path = url.database
    if url.get_backend_name() != "sqlite" or path in IN_MEMORY or path.startswith("file:"):
        return False
    place = next(one for one in Path(path).parents if os.path.exists(one))
    return not os.path.exists(path) and place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def explain_arguments(engine: Engine) -> None:
    """Have what a driver says about the arguments in a URL raised as an error of configuration."""

    connect = _connector(engine.dialect)

    @event.listens_for(engine, "do_connect")
    def try_to_connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        try:
            return connect(*arguments, **options)
        # Not the driver's own errors, which are about the server: it may answer later.
        except (TypeError, ValueError, LookupError, AttributeError, OSError) as error:
            raise errors.ConfigurationError(
                f"database_url = {shown(engine.url)}: the driver does not take its arguments: "
                f"{masked_text(str(error))}"
            ) from None


def tune_sqlite(engine: Engine) -> None:
    """Let readers of a SQLite file proceed while one writer writes."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # A committed transaction must survive a power failure.
        connection.execute("PRAGMA synchronous = FULL")
        # SQLite ignores foreign keys by default.
        connection.execute("PRAGMA foreign_keys = ON")


def look_after_connections(engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
    """Replace connections that have died while they were idle.

    The pool could ping before each use, but that is one more round trip for every request. A
    connection that was used within ``TRUSTED_SECONDS`` is not pinged.
    """
    if engine.dialect.name == "sqlite":
        return

    @event.listens_for(engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info["used_at"] = clock()

    @event.listens_for(engine, "checkout")
    def ping_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
        if clock() - record.info.get("used_at", clock()) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            LOG.info("a connection to the database has died: %s", error)
            # Makes the pool open another connection.
            raise exc.DisconnectionError from error


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn the driver's errors about reaching ``url`` into one line without the password.

    :raises faafo.errors.DatabaseUnavailable: instead of SQLAlchemy's errors.
    """
    try:
        yield
    except (exc.DatabaseError, exc.InterfaceError, exc.TimeoutError) as error:
        orig = error.orig if isinstance(error, exc.DBAPIError) else None
        raise errors.DatabaseUnavailable(
            f"database_url = {shown(url)}: {_first_line(orig or error)}"
        ) from None


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
