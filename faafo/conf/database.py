# SPDX-License-Identifier: Apache-2.0
"""Options of the database, which only the API opens."""

from oslo_config import cfg

default_opts = [
    cfg.StrOpt(
        "database_url",
        default="sqlite:///$state_path/faafo.sqlite",
        secret=True,
        help="SQLAlchemy URL of the database with the records of all fractals. mysql:// means "
        "mysql+pymysql://. The default is a SQLite file below state_path; a SQLite "
        "database is brought up to date by itself, any other by 'faafo-manage db upgrade'.",
    ),
]

group = cfg.OptGroup("database", title="The database")

database_opts = [
    cfg.FloatOpt(
        "timeout",
        default=10.0,
        min=1.0,
        help="Seconds that the API waits for an answer of the database, or for a lock on it. "
        "Then it answers 503 itself.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(database_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, database_opts)]
