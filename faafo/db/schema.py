# SPDX-License-Identifier: Apache-2.0
"""The revision of the database schema: reading, checking and upgrading it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, column, func, inspect, select, table

from faafo import errors
from faafo.db import fitness
from faafo.db.tables import METADATA

LOG = logging.getLogger(__name__)

# Seconds between two looks at whether to stop while another upgrade is under way.
LOCK_INTERVAL = 1
MIGRATIONS = Path(__file__).parent / "migrations"
# By which upgrades of a PostgreSQL database exclude each other: "faafo" in ASCII.
ADVISORY = 0x666161666F
# Where Alembic keeps the revision.
VERSION_TABLE = "alembic_version"


def upgrade(engine: Engine, stop: threading.Event | None = None, revision: str = "head") -> None:
    """Upgrade the schema to ``revision``; does nothing when it is there.

    An upgrade that was interrupted is completed. Of two at the same time one waits for the other,
    until ``stop`` is set.

    :raises faafo.errors.DatabaseBehind: when this version of faafo does not know its revision.
    :raises faafo.errors.DatabaseUnavailable: when ``stop`` is set while another upgrade runs.
    """
    found = current(engine)
    if revision == "head" and found == head():
        return
    _refuse_later(found)
    # Alembic, with what it imports, takes 9 MB, which an API with an up-to-date database saves.
    from faafo.db import migrate  # noqa: PLC0415

    with engine.connect() as connection:
        fitness.check_server(connection)
    with engine.connect() as connection, _lock(connection, stop or threading.Event()):
        try:
            migrate.run(connection, str(MIGRATIONS), revision)
        except errors.DatabaseBehind as error:
            raise errors.DatabaseBehind(f"{error}; the latest one it knows is {head()}") from None


def current(engine: Engine) -> str | None:
    """Return the revision of the schema, or None for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        return connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))


def revisions() -> set[str]:
    """Return the revisions that this version of faafo knows, by the names of the files."""
    return {path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py")}


def head() -> str:
    """Return the revision that this version of faafo needs: the last one."""
    return max(revisions())


def check(engine: Engine) -> None:
    """Make sure that the schema is the one this version of faafo needs.

    :raises faafo.errors.DatabaseBehind: when it is not.
    :raises faafo.errors.DatabaseUnavailable: when the database takes no changes at present.
    :raises faafo.errors.ConfigurationError: when its user has not the rights.
    """
    found, needed = current(engine), head()
    _refuse_later(found)
    if found != needed:
        raise errors.DatabaseBehind(
            f"the database schema is at revision {found or 'none'} and faafo needs {needed}: "
            "run 'faafo-manage db upgrade' with the same configuration file"
        )
    check_fitness(engine)


def check_fitness(engine: Engine) -> None:
    """Make sure that the database takes changes of all tables.

    :raises faafo.errors.DatabaseUnavailable: when it takes no changes at present.
    :raises faafo.errors.ConfigurationError: when its user has not the rights.
    """
    with engine.connect() as connection:
        fitness.check(connection, [*METADATA.tables])


def _refuse_later(found: str | None) -> None:
    if found is not None and found not in revisions():
        raise errors.DatabaseBehind(
            f"the database schema is at revision {found}, of a later release of faafo than this "
            f"one, which knows those up to {head()}: install that release, or restore the backup "
            "that was made before its upgrade"
        )


@contextmanager
def _lock(connection: Connection, stop: threading.Event) -> Iterator[None]:
    """Keep other upgrades of the same database out; a process that dies frees the lock."""
    if connection.dialect.name == "sqlite":
        # sqlite3 begins no transaction before DDL by itself: each statement would be committed.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        return
    # A lock of the connection, not of a transaction, which the first DDL statement would end. The
    # connection is closed instead of returned to the pool: that frees the lock, whatever happens.
    connection.detach()
    waiting = False
    while not _try_lock(connection, stop):
        if stop.is_set():
            raise errors.DatabaseUnavailable("stopped while another upgrade was under way")
        if not waiting:
            LOG.info("waiting for another upgrade of the database")
        waiting = True
    yield


def _try_lock(connection: Connection, stop: threading.Event) -> bool:
    """Take the lock, or wait for it LOCK_INTERVAL seconds at most; tell whether it is ours."""
    if connection.dialect.name != "postgresql":
        name = func.concat("faafo upgrade ", func.md5(func.database()))
        return bool(connection.scalar(select(func.get_lock(name, LOCK_INTERVAL))))
    # It is a lock of the database that the connection is to, and waits for no one.
    is_ours = bool(connection.scalar(select(func.pg_try_advisory_lock(ADVISORY))))
    # The upgrade sees what another one has committed meanwhile.
    connection.commit()
    if not is_ours:
        stop.wait(LOCK_INTERVAL)
    return is_ours
