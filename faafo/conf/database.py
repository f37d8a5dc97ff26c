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


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts)]
