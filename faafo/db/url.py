# SPDX-License-Identifier: Apache-2.0
"""The URL of the database: by default a SQLite file, else what ``database_url`` says."""

import warnings
from pathlib import Path

from oslo_config import cfg
from sqlalchemy import exc, make_url
from sqlalchemy.engine import URL

from faafo import errors
from faafo.urls import ENCODE, masked

FILE = "faafo.sqlite"
DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def configured_url(conf: cfg.ConfigOpts) -> URL:
    """Return the URL of the database that ``conf`` describes.

    :raises faafo.errors.ConfigurationError: when ``database_url`` is not valid.
    """
    if conf.database_url:
        return parse_url(conf.database_url)
    # A path may have any character, a URL may not.
    return URL.create("sqlite", database=str(Path(conf.state_path) / FILE))


def parse_url(text: str) -> URL:
    """Return the URL that option ``database_url`` gives.

    :raises faafo.errors.ConfigurationError: when it is not a URL, or its driver is not installed;
        shows no part of a password.
    """
    try:
        url = make_url(text)
    # The text of the error may have a part of the password.
    except (exc.ArgumentError, ValueError):
        raise _refused(
            text,
            f"must look like mysql://user:password@host:port/database, or postgresql://…; {ENCODE}",
        ) from None
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    try:
        is_sqlite = url.get_backend_name() == "sqlite"
        url.get_dialect().import_dbapi()
    except (exc.NoSuchModuleError, exc.ArgumentError, ImportError) as error:
        raise _refused(text, f"faafo cannot open it: {str(error).splitlines()[0]}") from None
    if "plugin" in url.query:
        raise _refused(text, "must not load a plugin")
    if problem := _sqlite_problem(text) if is_sqlite else _server_problem(text, url):
        raise _refused(text, problem)
    try:
        with warnings.catch_warnings():
            # That it ignores an argument.
            warnings.simplefilter("error", exc.SAWarning)
            url.get_dialect()().create_connect_args(url)
    except (exc.ArgumentError, exc.SAWarning, ValueError):
        form = "sqlite:////directory/file" if is_sqlite else "name=value in its query"
        raise _refused(text, f"must have the form {form}") from None
    return url


def shown(url: URL) -> str:
    """Return ``url`` for logs and errors, with its password and its query masked."""
    return masked(url.render_as_string(hide_password=False))


def _sqlite_problem(text: str) -> str | None:
    # SQLAlchemy would drop it.
    _path, mark, query = text.partition("?")
    if mark and not all("=" in argument for argument in query.split("&")):
        return "has a question mark that begins no query; percent-encode it"
    return None


def _server_problem(text: str, url: URL) -> str | None:
    if "@" in text.rpartition("@")[0].partition("://")[2] or "@" in (url.database or ""):
        return f"has more than one @; {ENCODE}"
    if "#" in text and "#" not in (url.password or ""):
        return f"has a # outside of the password; {ENCODE}"
    if url.port is not None and not 1 <= url.port <= 65535:
        return "the port must be a number from 1 to 65535"
    if not url.database:
        return "names no database"
    return None


def _refused(text: str, why: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(f"database_url = {masked(text)}: {why}")
