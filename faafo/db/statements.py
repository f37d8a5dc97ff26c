# SPDX-License-Identifier: Apache-2.0
"""UPDATE and DELETE statements: how they are executed, and how many rows they matched."""

from typing import cast

from sqlalchemy import CursorResult, Insert, Result, Table, Update, insert

from faafo.db import Session

# Rows are read again when they are needed; the session need not compute what an UPDATE changed.
NO_SYNC = {"synchronize_session": False}


def execute_update(session: Session, statement: Update) -> int:
    """Execute an UPDATE; return the number of rows it matched."""
    return matched(session.execute(statement, execution_options=NO_SYNC))


def insert_unless_there(table: Table) -> Insert:
    """Return an INSERT that does nothing when another transaction has inserted the row."""
    query = insert(table).prefix_with("OR IGNORE", dialect="sqlite")
    for dialect in ("mysql", "mariadb"):
        query = query.prefix_with("IGNORE", dialect=dialect)
    return query


def matched(result: Result) -> int:
    """Return the number of rows that an UPDATE or a DELETE matched."""
    # Session.execute is declared to return a Result; for these statements it is a CursorResult.
    return cast(CursorResult, result).rowcount
