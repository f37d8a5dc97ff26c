# SPDX-License-Identifier: Apache-2.0
"""Kills upgrades of a database after each of their statements: ``killed_upgrades URL START [END]``.

START is the revision that the schema has before, "base" for an empty database; END is that of the
upgrade which is killed, the latest by default. For each statement of that upgrade a child process
is killed right after it; then another child upgrades to the latest revision. What is wrong
afterwards goes to standard output, one line a fault; the last line counts the kills.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, text

from faafo.db import engine, schema
from faafo.db.tables import METADATA
from faafo.db.url import parse_url

UUID = "00000000-0000-4000-8000-000000000001"
# The columns of the first revision.
ROW = text(
    "INSERT INTO fractal (uuid, created_at, width, height, iterations, xa, xb, ya, yb, cx, cy, "
    "status, attempt, failures, claimable_at) VALUES (:uuid, '2026-01-01 00:00:00', 3, 5, 100, "
    "-1, 1, -1, 1, 0.1, 0.2, 'queued', 7, 0, '2026-01-01 00:00:00')"
)
# Tables that refer to others come first.
TABLES = (
    "collected_fractal", "collection", "delivery", "event", "webhook", "subscription",
    "fractal", "deletions", "access_token", "usage", "quota", "service", "maintenance", "lock",
    "setting", "setting_version", "sample", "alembic_version",
)  # fmt: skip
EXPECTED = (7, "original", 15)


def main(url: str, start: str, end: str = "head") -> None:
    """Kill after the first statement, after the second, and so on, until one run comes through."""
    statement = 1
    while True:
        _prepare(url, start)
        killed = _in_child(partial(_upgrade, url, end, statement)) == -signal.SIGKILL
        status = _in_child(partial(_upgrade, url, "head", None))
        if status != 0:
            print(f"killed after statement {statement}: the next upgrade ended with {status}")
        _check(url, start, statement)
        if not killed:
            break
        statement += 1
    print(statement - 1)


def _opened(url: str) -> Engine:
    parsed = parse_url(url)
    return create_engine(parsed, **engine.engine_options(parsed))


def _prepare(url: str, start: str) -> None:
    """Empty the database, and bring it to the revision ``start`` with one record."""
    opened = _opened(url)
    with opened.begin() as connection:
        for table in TABLES:
            quoted = opened.dialect.identifier_preparer.quote_identifier(table)
            connection.execute(text(f"DROP TABLE IF EXISTS {quoted}"))
    if start != "base":
        schema.upgrade(opened, revision=start)
        with opened.begin() as connection:
            connection.execute(ROW, {"uuid": UUID})
    opened.dispose()


def _upgrade(url: str, revision: str, kill_after: int | None) -> None:
    """Upgrade to a revision; end this process by SIGKILL right after that statement."""
    opened = _opened(url)
    seen = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal seen
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW", "DESCRIBE")):
            seen += 1
            if seen == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(opened, "after_cursor_execute", count)
    schema.upgrade(opened, revision=revision)


def _in_child(act: Callable[[], None]) -> int:
    """Call ``act`` in a child process; return its exit status, minus the signal that ended it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _check(url: str, start: str, statement: int) -> None:
    opened = _opened(url)
    with opened.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
        differences = [one for one in found if not _is_longer_index(opened, one)]
        if differences:
            print(f"killed after statement {statement}: the schema differs: {differences}")
        if connection.execute(text("SELECT count FROM deletions")).all() != [(0,)]:
            print(f"killed after statement {statement}: the count of deletions is wrong")
        rows = connection.execute(text("SELECT attempt, palette, pixels FROM fractal")).all()
        if rows != ([] if start == "base" else [EXPECTED]):
            print(f"killed after statement {statement}: the records are {rows}")
    opened.dispose()


def _is_longer_index(opened: Engine, difference: Any) -> bool:
    """Tell whether it is that of an index which ends with the primary key on PostgreSQL."""
    if opened.dialect.name != "postgresql" or difference[0] not in ("add_index", "remove_index"):
        return False
    index = difference[1]
    declared = METADATA.tables[index.table.name]
    (same,) = (one for one in declared.indexes if one.name == index.name)
    wanted = [column.name for column in same.columns]
    last = [one.name for one in declared.primary_key.columns if one.name not in wanted]
    return [column.name for column in index.columns] in (wanted, [*wanted, *last])


if __name__ == "__main__":
    main(*sys.argv[1:])
