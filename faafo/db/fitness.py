# SPDX-License-Identifier: Apache-2.0
"""Whether a PostgreSQL database can be used: it takes changes, and its user has the rights.

Others have no replicas under the same name, or tell when the first row is written.
"""

from sqlalchemy import Connection, text

from faafo import errors
from faafo.db.url import shown

ENCODING = "UTF8"
STATE = text(
    "SELECT pg_is_in_recovery() AS is_replica, current_setting('transaction_read_only') = 'on' "
    "AS is_read_only, current_setting('server_encoding') AS encoding"
)
# What is asked of each table, and of the sequences that number rows.
MISSING = text(
    "SELECT p || ' on ' || relname FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', "
    "'DELETE']) AS p WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) "
    "AND relname = ANY(:tables) AND NOT has_table_privilege(pg_class.oid, p) "
    "UNION ALL SELECT 'USAGE on ' || relname FROM pg_sequence JOIN pg_class ON oid = seqrelid "
    "WHERE relnamespace = to_regnamespace(current_schema()) "
    "AND NOT has_sequence_privilege(seqrelid, 'USAGE') ORDER BY 1"
)
# So many are named.
MOST_NAMED = 5


def check(connection: Connection, tables: list[str]) -> None:
    """Make sure that rows of ``tables`` can be read and changed.

    :raises faafo.errors.DatabaseUnavailable: when the database takes no changes at present.
    :raises faafo.errors.ConfigurationError: when its user has not the rights, or it has another
        encoding than UTF-8.
    """
    if connection.dialect.name != "postgresql":
        return
    check_writable(connection)
    missing = connection.scalars(MISSING, {"tables": tables}).all()
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        name = connection.scalar(text("SELECT current_user"))
        raise errors.ConfigurationError(
            f"{_option(connection)}: the user {name} lacks the rights "
            f"{', '.join(missing[:MOST_NAMED])}{more}: have its owner grant them"
        )


def check_writable(connection: Connection) -> None:
    """Make sure that a PostgreSQL database takes changes, and every character.

    :raises faafo.errors.DatabaseUnavailable: when it takes no changes at present.
    :raises faafo.errors.ConfigurationError: when it has another encoding than UTF-8.
    """
    if connection.dialect.name != "postgresql":
        return
    state = connection.execute(STATE).one()
    if state.encoding != ENCODING:
        raise errors.ConfigurationError(
            f"{_option(connection)}: has the encoding {state.encoding}, faafo needs {ENCODING}: "
            "create the database with TEMPLATE template0 ENCODING 'UTF8'"
        )
    if state.is_replica or state.is_read_only:
        why = "it is a replica: name its primary" if state.is_replica else "it is set to that"
        raise errors.DatabaseUnavailable(f"{_option(connection)}: is read-only: {why}")


def _option(connection: Connection) -> str:
    return f"database_url = {shown(connection.engine.url)}"
