# SPDX-License-Identifier: Apache-2.0
"""Options of the database, which only the API opens."""

from oslo_config import cfg

from faafo.conf.bounds import HOUR

default_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "database_url",
        sample_default="sqlite:///<state_path>/faafo.sqlite",
        secret=True,
        help="SQLAlchemy URL of the database, such as "
        "mysql://user:password@host:3306/faafo, which means mysql+pymysql://, or "
        "postgresql://user:password@host:5432/faafo, which means postgresql+psycopg://. Reserved "
        "characters in the password are percent-encoded. The default is a SQLite file in "
        "state_path. The API upgrades the schema of a SQLite database when it "
        "starts; 'faafo-manage db upgrade' upgrades any other.",
    ),
]

group = cfg.OptGroup("database", title="The database")

database_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "timeout",
        default=10.0,
        min=1.0,
        max=HOUR,
        help="Seconds that the API waits for the database, or for a lock in it, before it answers "
        "503. MariaDB and PostgreSQL end a statement then. A search and a list get half of it.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(database_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, database_opts)]
