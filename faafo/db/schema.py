# SPDX-License-Identifier: Apache-2.0
"""The revision of the database schema: reading, checking and upgrading it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from faafo import errors


def upgrade(engine: Engine) -> None:
    """Upgrade the schema to the latest revision; does nothing when it is there.

    :raises faafo.errors.DatabaseBehind: when this version of faafo does not know its revision.
    """
    config = _config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise errors.DatabaseBehind(
            f"this version of faafo does not know the revision of the database schema: {error}; "
            f"the latest one it knows is {head()}"
        ) from None


def current(engine: Engine) -> str | None:
    """Return the revision of the schema, or None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the revision that this version of faafo needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def check(engine: Engine) -> None:
    """Make sure that the schema is the one this version of faafo needs.

    :raises faafo.errors.DatabaseBehind: when it is not.
    """
    found, needed = current(engine), head()
    if found != needed:
        raise errors.DatabaseBehind(
            f"the database schema is at revision {found or 'none'} and faafo needs {needed}: "
            "run 'faafo-manage db upgrade' with the same configuration file"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
