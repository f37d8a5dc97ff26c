# SPDX-License-Identifier: Apache-2.0
"""Whether a database server can be used: it is new enough, and takes changes by our user."""

from sqlalchemy import Connection, text, update

from faafo import errors
from faafo.db.models import Deletions
from faafo.db.url import shown

ENCODING = "UTF8"
# MariaDB and MySQL have SKIP LOCKED since; faafo is not tested with an older PostgreSQL.
LEAST = {"MariaDB": (10, 6), "MySQL": (8, 0, 1), "PostgreSQL": (16,)}
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
    :raises faafo.errors.ConfigurationError: when its user has not the rights, it has another
        encoding than UTF-8, or the server is too old.
    :raises sqlalchemy.exc.OperationalError: when MariaDB or MySQL takes no changes at present.
    """
    check_server(connection)
    if connection.dialect.name == "postgresql":
        _check_rights(connection, tables)
    elif connection.dialect.name != "sqlite":
        # It matches no row: only a server that takes no changes refuses it.
        connection.execute(update(Deletions).where(Deletions.id < 0).values(count=0))
        connection.rollback()


def check_server(connection: Connection) -> None:
    """Make sure that the server is new enough, and that PostgreSQL takes changes and all text.

    :raises faafo.errors.DatabaseUnavailable: when it takes no changes at present.
    :raises faafo.errors.ConfigurationError: when it has another encoding than UTF-8, or is too old.
    """
    _check_version(connection)
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


def _check_version(connection: Connection) -> None:
    dialect = connection.dialect
    found = dialect.server_version_info or ()
    is_mariadb = getattr(dialect, "is_mariadb", False)
    named = {"postgresql": "PostgreSQL", "mysql": "MariaDB" if is_mariadb else "MySQL"}
    product = named.get("mysql" if is_mariadb else dialect.name)
    if product and found < LEAST[product]:
        raise errors.ConfigurationError(
            f"{_option(connection)}: is {product} {_dotted(found)}, faafo needs "
            f"{_dotted(LEAST[product])} or newer"
        )


def _dotted(version: tuple[object, ...]) -> str:
    return ".".join(map(str, version))


def _check_rights(connection: Connection, tables: list[str]) -> None:
    missing = connection.scalars(MISSING, {"tables": tables}).all()
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        name = connection.scalar(text("SELECT current_user"))
        raise errors.ConfigurationError(
            f"{_option(connection)}: the user {name} lacks the rights "
            f"{', '.join(missing[:MOST_NAMED])}{more}: have its owner grant them"
        )


def _option(connection: Connection) -> str:
    return f"database_url = {shown(connection.engine.url)}"
