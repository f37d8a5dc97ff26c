# SPDX-License-Identifier: Apache-2.0
"""The benchmark's own look at a table of fractals: MariaDB's, or the file of faafo-all."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pymysql
from sqlalchemy import make_url

POLL_SECONDS = 0.02
TIMEOUT_SECONDS = 300.0
UNFINISHED = "SELECT 1 FROM fractal WHERE status IN ('queued', 'rendering') LIMIT 1"
BEGUN = "SELECT 1 FROM fractal WHERE status = 'rendering' LIMIT 1"
COMPLETE = "SELECT COUNT(*) FROM fractal WHERE status = 'complete'"


class Database:
    """A connection to a table of fractals; ``mariadb`` and ``sqlite`` open one."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._connection.close()

    def rows(self, statement: str) -> list[tuple]:
        """Return all rows."""
        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def value(self, statement: str) -> Any:
        """Return the first column of the first row, None when there is no row."""
        rows = self.rows(statement)
        return rows[0][0] if rows else None

    def counters(self) -> dict[str, int]:
        """Return the status counters of a MariaDB server since its start, for all databases."""
        rows = self.rows("SHOW GLOBAL STATUS")
        return {name: int(value) for name, value in rows if value.isdigit()}

    def wait_until_begun(self) -> None:
        """Return as soon as a fractal is rendering.

        :raises RuntimeError: when none is within TIMEOUT_SECONDS.
        """
        if not _wait(lambda: self.value(BEGUN)):
            raise RuntimeError("no fractal is claimed")

    def wait_until_finished(self, complete: int) -> None:
        """Return as soon as no fractal is queued or rendering and ``complete`` ones are complete.

        :raises RuntimeError: when the number is another one, or after TIMEOUT_SECONDS.
        """
        _wait(lambda: not self.value(UNFINISHED))
        if (found := self.value(COMPLETE)) != complete:
            raise RuntimeError(f"{found} of {complete} fractals are complete")


def _wait(condition: Callable[[], Any]) -> bool:
    pause = threading.Event()
    for _ in range(int(TIMEOUT_SECONDS / POLL_SECONDS)):
        if condition():
            return True
        pause.wait(POLL_SECONDS)
    return False


def mariadb(url: str) -> Database:
    """Connect to the MariaDB database that ``url`` names."""
    parts = make_url(url)
    return Database(
        pymysql.connect(
            host=parts.host,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            database=parts.database,
            autocommit=True,
        )
    )


def sqlite(path: Path) -> Database:
    """Open the database file of faafo-all for reading.

    :raises sqlite3.OperationalError: when there is none.
    """
    return Database(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None))
