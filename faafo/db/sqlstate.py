# SPDX-License-Identifier: Apache-2.0
"""The SQLSTATE of an error: how PostgreSQL says what has happened."""

from sqlalchemy.exc import DBAPIError


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five characters of the SQLSTATE; None of an error that has none."""
    return getattr(error.orig, "sqlstate", None)
