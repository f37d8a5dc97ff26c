# SPDX-License-Identifier: Apache-2.0
"""The SQLSTATE of an error: how PostgreSQL says what has happened."""

from sqlalchemy.exc import DBAPIError

# Conditions of the server that are no mistakes of ours: read_only_sql_transaction,
# insufficient_privilege, idle_in_transaction_session_timeout, transaction_timeout (PostgreSQL 17);
# data_corrupted and the like.
REFUSALS = ("25006", "42501", "25P03", "25P04")
DAMAGE = "XX"


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five characters of the SQLSTATE; None of an error that has none."""
    return getattr(error.orig, "sqlstate", None)


def is_refusal(error: DBAPIError) -> bool:
    """Tell whether a server refuses what another one, or the same one later, may do."""
    state = sqlstate(error) or ""
    return state in REFUSALS or state.startswith(DAMAGE)
