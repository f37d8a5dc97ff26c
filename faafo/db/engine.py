# SPDX-License-Identifier: Apache-2.0
"""How a database URL becomes an engine, and how its errors become ours."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, exc, make_url
from sqlalchemy.engine import URL

from faafo import errors

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5
# How long after its last use a connection is taken for alive.
TRUSTED_SECONDS = 1.0
FOR_EVER = 3600.0


def parse_url(text: str) -> URL:
    """Return the URL that option ``database_url`` means.

    :raises faafo.errors.ConfigurationError: when it is none, or names a driver we do not have.
    """
    try:
        url = make_url(text)
        if url.drivername in ("mysql", "mariadb"):
            url = url.set(drivername=f"{url.drivername}+pymysql")
        url.get_dialect().import_dbapi()
        url.get_dialect()().create_connect_args(url)
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        raise errors.ConfigurationError(
            f"database_url is not a URL of a database faafo can open: {_first_line(error)}"
        ) from None
    return url


def engine_options(url: URL, timeout: float | None = None) -> dict[str, Any]:
    """Return the keyword arguments ``create_engine`` needs for ``url``.

    :param timeout: seconds to wait for an answer, or for a lock; None waits as long as it takes.
    """
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": FOR_EVER if timeout is None else timeout}}
    # A connection whose other end has vanished without a word would be waited for without end.
    patience = {"read_timeout": timeout, "write_timeout": timeout}
    return {
        "connect_args": {"connect_timeout": CONNECT_SECONDS, **patience},
        "pool_recycle": 3600,
        # Sessions end their transactions themselves; there is nothing left to roll back.
        "pool_reset_on_return": None,
        # Claims lock the rows they take, not the gaps between them.
        "isolation_level": "READ COMMITTED",
    }


def make_sqlite_directory(url: URL) -> None:
    """Create the directory of a SQLite file.

    :raises faafo.errors.ConfigurationError: when that is not possible.
    """
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    directory = Path(url.database).parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.ConfigurationError(
            f"database_url = {url}: cannot make the directory {directory}: {error.strerror}"
        ) from None


def tune_sqlite(engine: Engine) -> None:
    """Let readers of a SQLite file go on while one writer writes."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # What was answered must survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")


def look_after_connections(engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
    """Replace connections that have died while nobody used them.

    The pool could try each of them before each use; that is one more question to the database
    for every request. One that was used a moment ago is taken for alive.
    """
    if engine.dialect.name == "sqlite":
        return

    @event.listens_for(engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info["used_at"] = clock()

    @event.listens_for(engine, "checkout")
    def try_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
        if clock() - record.info.get("used_at", clock()) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            LOG.info("a connection to the database has died: %s", error)
            # The pool's word for "give me another one".
            raise exc.DisconnectionError from error


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn the driver's errors about reaching ``url`` into one line without the password.

    :raises faafo.errors.DatabaseUnavailable: instead of SQLAlchemy's errors.
    """
    try:
        yield
    except (exc.DatabaseError, exc.InterfaceError) as error:
        shown = url.render_as_string(hide_password=True)
        raise errors.DatabaseUnavailable(
            f"database_url = {shown}: {_first_line(error.orig or error)}"
        ) from None


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
