# SPDX-License-Identifier: Apache-2.0
"""What the commands of ``faafo-manage`` share: nouns and verbs, and the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oslo_config import cfg
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from faafo.db import engine, schema
from faafo.db.url import configured_url


def noun(commands: Any, name: str, text: str) -> Any:
    """Add a noun to the command line; return what its verbs are added to."""
    return commands.add_parser(name, help=text).add_subparsers(required=True)


def verb(noun: Any, name: str, act: Callable, text: str) -> Any:
    """Add a verb, which calls ``act`` with the configuration and the stop; return its parser."""
    added = noun.add_parser(name, help=text, description=text)
    added.set_defaults(act=act)
    return added


@contextmanager
def open_database(conf: cfg.ConfigOpts, timeout: float | None = None) -> Iterator[Engine]:
    """Open the database; an error is explained in one line.

    :param timeout: seconds to wait for an answer, or for a lock; None: no limit.
    """
    url = configured_url(conf)
    engine.make_sqlite_directory(url)
    opened = create_engine(url, **engine.engine_options(url, timeout))
    engine.explain_arguments(opened)
    try:
        with engine.explained(url):
            yield opened
    finally:
        opened.dispose()


@contextmanager
def open_session(conf: cfg.ConfigOpts) -> Iterator[Session]:
    """Open a session on a database whose schema is ours."""
    with open_database(conf) as opened:
        schema.check(opened)
        with Session(opened) as one:
            yield one
