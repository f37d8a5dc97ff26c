# SPDX-License-Identifier: Apache-2.0
"""What unit tests share: a configuration, a database, an application, a broker in memory."""

import functools
import importlib
import io
import itertools
import json
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from oslo_config import cfg
from oslo_log.formatters import JSONFormatter
from sqlalchemy import create_engine
from werkzeug.routing import Rule

from faafo import conf as options
from faafo.app.factory import create_app
from faafo.app.server import HttpServer
from faafo.db import db, fractals, schema
from faafo.db.url import parse_url
from faafo.fractal.task import FractalTask
from faafo.render import escape
from faafo.rpc.transport import get_transport
from faafo.store.filesystem import FilesystemStore
from faafo.tracing import spans

DEADLINE = 60.0


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def conf(tmp_path):
    """The configuration as a command sees it, with its state in a temporary directory."""
    options.register_opts(cfg.CONF)
    cfg.CONF([], project="faafo", default_config_files=[])
    cfg.CONF.set_override("state_path", str(tmp_path))
    yield cfg.CONF
    cfg.CONF.reset()
    cfg.CONF.clear_override("state_path")
    for group, opts in options.list_opts():
        for opt in opts:
            cfg.CONF.clear_override(opt.dest, None if group == "DEFAULT" else group)


@pytest.fixture
def store(conf):
    store = FilesystemStore(conf.filesystem_store_datadir)
    store.check()
    return store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """An SQLite file with the latest schema and no rows, to be copied: migrating takes longer."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory) -> BytecodeCache:
    """Templates of pages that an application of another test has compiled."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def _entry_points_read_once() -> Iterator[None]:
    """Spare each application the metadata of all packages: none comes or goes while tests run."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(metadata.entry_points)
        patch.setattr("flask_openapi.openapi.entry_points", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _threads_of_servers_end_soon() -> Iterator[None]:
    """Have a thread of an RPC server look every 50 ms whether to end; each second is the default.

    A test that stops such a server waits for that.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("futurist._thread.ThreadWorker.MAX_IDLE_FOR", 0.05)
        yield


@pytest.fixture(scope="session", autouse=True)
def _rules_compiled_once() -> Iterator[None]:
    """Spare each application the compilation of its 130 URL rules, two thirds of its start."""
    compiled: dict[tuple, Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, rule.endpoint, str(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session")
def database_server() -> Iterator[Any]:
    """PostgreSQL, if FAAFO_TEST_DATABASE names it, with a database to copy; else None."""
    kind = os.environ.get("FAAFO_TEST_DATABASE")
    if kind != "postgresql":
        yield None
        return
    # Without it the unit tests need nothing of the functional ones.
    databases = importlib.import_module("tests.functional.databases")
    servers = importlib.import_module("tests.functional.servers")
    with servers.started(databases.KINDS[kind]) as server, server.database() as url:
        engine = create_engine(parse_url(url))
        schema.upgrade(engine)
        engine.dispose()
        yield SimpleNamespace(copied=functools.partial(server.copied, url))


@pytest.fixture
def new_database(conf, empty_database, database_server) -> Iterator[None]:
    """An up-to-date database without rows, to which ``conf`` leads: a SQLite file by default."""
    if database_server is None:
        shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")
        yield
        return
    with database_server.copied() as url:
        conf.set_override("database_url", url)
        yield


@pytest.fixture
def on_sqlite(database_server) -> None:
    """Skips what is about SQLite where tests run on a server."""
    if database_server is not None:
        pytest.skip("is about SQLite")


@pytest.fixture
def app(conf, store, new_database, compiled_templates) -> Flask:
    """The application on an up-to-date database."""
    app = create_app(conf, store, "1.2.3")
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        schema.check(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session


@pytest.fixture
def change(app):
    """Changes the record of a fractal, as workers do in time."""

    def change(uuid, **columns):
        with app.app_context():
            fractal = fractals.get(db.session, uuid)
            for name, value in columns.items():
                setattr(fractal, name, value)
            db.session.commit()

    return change


@pytest.fixture
def api_url(app):
    """The URL of the application behind a real HTTP server."""
    # As in a service: else a command line in this process prints that requests wait.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = HttpServer(app, "127.0.0.1", 0, threads=4)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def transport(conf):
    """A broker in memory, empty."""
    transport = get_transport(conf, default_url="inprocess://")
    yield transport
    transport.cleanup()


@pytest.fixture
def json_lines():
    """Returns what has been logged, as JSON lines tell it."""
    stream, logger = io.StringIO(), logging.getLogger("faafo")
    handler, level = logging.StreamHandler(stream), logger.level
    handler.setFormatter(JSONFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def recorded():
    """The spans that have ended, each by its name and its error; tracing is on meanwhile."""
    ended = []

    def begin(name, parent, _kind, _begun_at=None):
        def end(error=None, at=None, attributes=None):
            ended.append((name, error))

        return SimpleNamespace(traceparent=parent, end=end)

    spans.install(SimpleNamespace(begin=begin, stop=lambda: None))
    yield ended
    spans.install(None)


@pytest.fixture
def stop():
    """An event that is set when the test ends, so that threads do."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(scope="session")
def warm_kernel():
    """Has the kernel compiled, as a worker does before it takes work: that may take a while."""
    escape.warm_up()


@pytest.fixture
def make_task():
    """Makes small tasks, each with a uuid of its own."""
    numbers = itertools.count(1)

    def make(**changes) -> FractalTask:
        values = {
            "uuid": f"00000000-0000-4000-8000-{next(numbers):012x}",
            "width": 8,
            "height": 6,
            "iterations": 40,
            "xa": -1.5,
            "xb": 1.5,
            "ya": -1.0,
            "yb": 1.0,
            "cx": -0.8,
            "cy": 0.156,
        }
        return FractalTask(**{**values, **changes})

    return make


@pytest.fixture
def wait_until():
    """Waits for a condition, and fails when it does not come true in time."""

    def wait(condition, what="the condition"):
        pause = threading.Event()
        for _ in range(int(DEADLINE / 0.01)):
            if condition():
                return
            pause.wait(0.01)
        pytest.fail(f"{what} did not come true within {DEADLINE} s")

    return wait
