# SPDX-License-Identifier: Apache-2.0
"""Statements with a deadline: the database itself ends them, also when the client has given up."""

import time
from typing import Any

from sqlalchemy import Engine, event, exc

from faafo.db.sqlstate import sqlstate

# The execution options of a statement that may read every record.
BOUNDED = {"faafo_bounded": True}
# ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL, and what sqlite3 says.
TOO_SLOW = {1969, 3024, "interrupted"}
# query_canceled of PostgreSQL.
CANCELED = "57014"
# SQLite asks after this many instructions of its virtual machine, about half a millisecond.
INSTRUCTIONS = 20_000
HAS_HANDLER = "faafo_has_handler"


def set_deadlines(engine: Engine, seconds: float) -> None:
    """Make ``engine`` end statements with the options BOUNDED after ``seconds``."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def bound(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
    ) -> tuple[str, Any]:
        bounded = bool(context and context.execution_options.get("faafo_bounded"))
        if engine.dialect.name == "sqlite":
            _set_handler(connection, time.monotonic() + seconds if bounded else None)
        elif bounded and engine.dialect.name == "postgresql":
            # Until the transaction ends: what is read in it later is no more urgent.
            cursor.execute(f"SET LOCAL statement_timeout = {1000 * seconds:.0f}")
        elif bounded:
            statement = _with_deadline(engine, statement, seconds)
        return statement, parameters


def is_too_slow(error: exc.DBAPIError) -> bool:
    """Tell whether the database has ended a statement at its deadline."""
    if error.orig is None:
        return False
    return bool(TOO_SLOW.intersection(error.orig.args[:1])) or sqlstate(error) == CANCELED


def _with_deadline(engine: Engine, statement: str, seconds: float) -> str:
    if getattr(engine.dialect, "is_mariadb", False):
        return f"SET STATEMENT max_statement_time={seconds:.3f} FOR {statement}"
    hint = f"SELECT /*+ MAX_EXECUTION_TIME({1000 * seconds:.0f}) */"
    return statement.replace("SELECT", hint, 1)


def _set_handler(connection: Any, deadline: float | None) -> None:
    """Have SQLite look at the clock while it executes and rows are fetched, or no longer."""
    if deadline is None and not connection.info.get(HAS_HANDLER):
        return
    connection.info[HAS_HANDLER] = deadline is not None
    handler = None if deadline is None else lambda: time.monotonic() >= deadline
    connection.connection.dbapi_connection.set_progress_handler(handler, INSTRUCTIONS)
