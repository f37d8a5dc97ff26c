# SPDX-License-Identifier: Apache-2.0
"""UPDATE and DELETE statements: how they are executed, and how many rows they matched."""

from typing import Any, cast

from sqlalchemy import CursorResult, Insert, Result, Table, Update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing
from sqlalchemy.ext.compiler import compiles

from faafo.db import Session

# Rows are read again when they are needed; the session need not compute what an UPDATE changed.
NO_SYNC = {"synchronize_session": False}


def execute_update(session: Session, statement: Update) -> int:
    """Execute an UPDATE; return the number of rows it matched."""
    return matched(session.execute(statement, execution_options=NO_SYNC))


def insert_unless_there(table: Table) -> Insert:
    """Return an INSERT that does nothing when another transaction has inserted the row."""
    # SQLite has it from PostgreSQL, whose dialect takes 2 MB.
    query: Insert = insert(table).on_conflict_do_nothing()
    for dialect in ("mysql", "mariadb"):
        query = query.prefix_with("IGNORE", dialect=dialect)
    return query


@compiles(OnConflictDoNothing, "postgresql")
def _do_nothing(_element: OnConflictDoNothing, _compiler: Any, **_kw: Any) -> str:
    return "ON CONFLICT DO NOTHING"


@compiles(OnConflictDoNothing, "mysql", "mariadb")
def _nothing(_element: OnConflictDoNothing, _compiler: Any, **_kw: Any) -> str:
    return ""


def matched(result: Result) -> int:
    """Return the number of rows that an UPDATE or a DELETE matched."""
    # Session.execute is declared to return a Result; for these statements it is a CursorResult.
    return cast(CursorResult, result).rowcount
