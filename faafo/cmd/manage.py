"""``faafo-manage``: what an administrator does by hand."""

import sys
from typing import Any

from oslo_config import cfg
from sqlalchemy import create_engine

from faafo import service
from faafo.db import engine, schema


def main() -> int:
    """Run one administrative command; return the exit status."""
    return service.run(manage)


def manage(_stop: service.Stop) -> None:
    """Do what the command line says."""
    cfg.CONF.register_cli_opt(cfg.SubCommandOpt("command", title="commands", handler=_add_commands))
    conf = service.prepare_service(
        "faafo-manage", config_files=cfg.find_config_files("faafo", "api")
    )
    url = engine.parse_url(conf.database_url)
    engine.make_sqlite_directory(url)
    opened = create_engine(url, **engine.engine_options(url))
    with engine.explained(url):
        conf.command.act(opened)
    opened.dispose()


def _add_commands(commands: Any) -> None:
    db = commands.add_parser("db", help="the database").add_subparsers(required=True)
    for name, act, text in (
        ("upgrade", upgrade, "bring the schema up to date"),
        ("version", show_version, "show the schema's revision and the one that faafo needs"),
    ):
        db.add_parser(name, help=text, description=text).set_defaults(act=act)


def upgrade(opened: engine.Engine) -> None:
    """Bring the schema up to date."""
    schema.upgrade(opened)
    print(f"the database schema is at revision {schema.head()}")


def show_version(opened: engine.Engine) -> None:
    """Show which revision the schema has.

    :raises faafo.errors.DatabaseBehind: when it is not the one that faafo needs.
    """
    print(f"found {schema.current(opened)}, needed {schema.head()}")
    schema.check(opened)


if __name__ == "__main__":
    sys.exit(main())
