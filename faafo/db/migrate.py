# SPDX-License-Identifier: Apache-2.0
"""Runs the migrations; imported by ``faafo.db.schema`` only when there are any to run."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from faafo import errors


def run(connection: Connection, directory: str, revision: str) -> None:
    """Run the migrations in ``directory`` up to ``revision``, and commit.

    :raises faafo.errors.DatabaseBehind: when the database is at a revision that is not there.
    """
    config = Config()
    config.set_main_option("script_location", directory)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise errors.DatabaseBehind(
            f"this version of faafo does not know the revision of the database schema: {error}"
        ) from None
    connection.commit()
