# SPDX-License-Identifier: Apache-2.0
"""The set-up of path measurements: real servers, and faafo on them, from POST to complete."""

import contextlib
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import psutil
import pymysql
from sqlalchemy import make_url

from benchmarks import load
from faafo.fractal.task import FractalTask
from tests.chaos.lab import Lab
from tests.chaos.site import Member, Site
from tests.functional.processes import write_config
from tests.functional.servers import MariaDB, RabbitMQ

LAUNCH = Path(__file__).with_name("launch.py")
POLL_SECONDS = 0.02
TIMEOUT_SECONDS = 300.0
UNFINISHED = "SELECT 1 FROM fractal WHERE status IN ('queued', 'rendering') LIMIT 1"
BEGUN = "SELECT 1 FROM fractal WHERE status = 'rendering' LIMIT 1"
COMPLETE = "SELECT COUNT(*) FROM fractal WHERE status = 'complete'"


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """Run RabbitMQ and a MariaDB that writes every commit to disk."""
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory,
        RabbitMQ() as rabbitmq,
        MariaDB(durable=True) as mariadb,
    ):
        yield Lab(Path(directory), rabbitmq, mariadb)


def site(of: Lab) -> contextlib.AbstractContextManager[Site]:
    """Return a site whose services have faafo's defaults."""
    return of.site({})


def start(at: Site, name: str, module: str, *arguments: Any, ready: str) -> Member:
    """Start a module of the benchmarks at a site, and wait until it logs that it is ready."""
    return at.add(name, [sys.executable, LAUNCH, module, *arguments], ready)


class Database:
    """A connection of the benchmark to a table of fractals."""

    def __init__(self, url: str) -> None:
        parts = make_url(url)
        self._connection = pymysql.connect(
            host=parts.host,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            database=parts.database,
            autocommit=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._connection.close()

    def value(self, statement: str) -> Any:
        """Return the first column of the first row, None when there is no row."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
        return row and row[0]

    def counters(self) -> dict[str, int]:
        """Return the status counters of the server since its start, for all databases."""
        with self._connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS")
            return {name: int(value) for name, value in cursor.fetchall() if value.isdigit()}

    def wait_until_begun(self) -> None:
        """Return as soon as a fractal is rendering.

        :raises RuntimeError: when none is within TIMEOUT_SECONDS.
        """
        pause = threading.Event()
        for _ in range(int(TIMEOUT_SECONDS / POLL_SECONDS)):
            if self.value(BEGUN):
                return
            pause.wait(POLL_SECONDS)
        raise RuntimeError("no fractal is claimed")

    def wait_until_finished(self, complete: int) -> None:
        """Return as soon as no fractal is queued or rendering and ``complete`` ones are complete.

        :raises RuntimeError: when the number is another one, or after TIMEOUT_SECONDS.
        """
        pause = threading.Event()
        for _ in range(int(TIMEOUT_SECONDS / POLL_SECONDS)):
            if not self.value(UNFINISHED):
                break
            pause.wait(POLL_SECONDS)
        if (found := self.value(COMPLETE)) != complete:
            raise RuntimeError(f"{found} of {complete} fractals are complete")


class Stack:
    """An API at ``url``, the services that render its fractals, and their database.

    :param members: the processes by their names in tables.
    """

    def __init__(self, url: str, database: Database, members: dict[str, Member]) -> None:
        self._url = url
        self.database = database
        self.members = members
        self._complete = 0

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The processes by name."""
        return {name: psutil.Process(one.service.pid) for name, one in self.members.items()}

    def run_all(self, tasks: Sequence[FractalTask]) -> float:
        """Post ``tasks``; return the seconds from the first POST until all are complete."""
        started_at = self._post(tasks)
        self.database.wait_until_finished(self._complete)
        return time.monotonic() - started_at

    def run_from_first_claim(self, tasks: Sequence[FractalTask]) -> float:
        """Post ``tasks``; return the seconds from the first claim until all are complete.

        So the pause of an idle producer between two claims does not count.
        """
        self._post(tasks)
        self.database.wait_until_begun()
        begun_at = time.monotonic()
        self.database.wait_until_finished(self._complete)
        return time.monotonic() - begun_at

    def _post(self, tasks: Sequence[FractalTask]) -> float:
        self._complete += len(tasks)
        requests = [("POST", "/api/fractal", task.model_dump()) for task in tasks]
        return load.send(self._url, requests, expected=201).started_at


@contextlib.contextmanager
def faafo(of: Lab, slots: int, instant: bool = False) -> Iterator[Stack]:
    """Yield faafo's three services, with the defaults except for the number of slots.

    :param instant: whether the kernel returns at once.
    """
    with site(of) as at:
        url = at.add_api()
        members = {
            "API": at.members["api-1"],
            "worker": _add_worker(at, slots, instant),
            "producer": at.add_producer(),
        }
        with Database(at.database_url) as database:
            yield Stack(url, database, members)


def _add_worker(at: Site, slots: int, instant: bool) -> Member:
    if not instant:
        return at.add_worker(slots=slots)
    options = {"filesystem_store_datadir": at.images, "transport_url": at.transport_url}
    config = write_config(
        at.directory / "worker-1.conf", DEFAULT=options, worker={"slots": slots, "name": "worker-1"}
    )
    arguments = ("--config-file", config)
    return start(at, "worker-1", "benchmarks.instant", *arguments, ready="is ready, with")


def url_of(member: Member) -> str:
    """Return the URL that an API listens on, from its log."""
    return re.search(r"listens on (\S+)", member.service.output())[1]
