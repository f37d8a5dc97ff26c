# SPDX-License-Identifier: Apache-2.0
"""The set-up of path measurements: real servers, and faafo on them, from POST to complete."""

import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks import database, load
from benchmarks.database import Database
from faafo.fractal.task import FractalTask
from tests.chaos.lab import Lab
from tests.chaos.site import Member, Site
from tests.functional.processes import write_config
from tests.functional.servers import MariaDB, RabbitMQ

LAUNCH = Path(__file__).with_name("launch.py")
ALL_READY = "Ready: http"
ALL_DATABASE = "state/faafo/faafo.sqlite"


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


class Stack:
    """An API at ``url``, the services that render its fractals, and their database.

    :param members: the processes by their names in tables.
    """

    def __init__(self, url: str, database: Database, members: dict[str, Member]) -> None:
        self.url = url
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
        return self._time_from_first_claim()

    def time_to_finish(self, posted: int) -> float:
        """Return the seconds from the first claim until so many that others post are complete."""
        self._complete += posted
        return self._time_from_first_claim()

    def _time_from_first_claim(self) -> float:
        self.database.wait_until_begun()
        begun_at = time.monotonic()
        self.database.wait_until_finished(self._complete)
        return time.monotonic() - begun_at

    def settle(self, posted: int) -> None:
        """Wait until so many that others have posted are complete, with all earlier ones."""
        self._complete += posted
        self.database.wait_until_finished(self._complete)

    def _post(self, tasks: Sequence[FractalTask]) -> float:
        self._complete += len(tasks)
        requests = [("POST", "/api/fractal", task.model_dump()) for task in tasks]
        return load.send(self.url, requests, expected=201).started_at


@contextlib.contextmanager
def faafo(of: Lab, slots: int, render_seconds: float | None = None) -> Iterator[Stack]:
    """Yield faafo's three services, with the defaults except for the number of slots.

    :param render_seconds: the pause that stands for the kernel, None with the kernel.
    """
    with site(of) as at:
        url = at.add_api()
        members = {
            "API": at.members["api-1"],
            "worker": add_worker(at, "worker-1", slots, render_seconds),
            "producer": at.add_producer(),
        }
        with database.mariadb(at.database_url) as opened:
            yield Stack(url, opened, members)


@contextlib.contextmanager
def faafo_all(of: Lab, slots: int) -> Iterator[Stack]:
    """Yield faafo-all, with the defaults except for the number of slots and that it generates none.

    Its home is a directory of its own: SQLite, ``inprocess://``, local files.
    """
    with site(of) as at:
        yield add_all(at, slots)


def add_all(at: Site, slots: int) -> Stack:
    """Start faafo-all at a site."""
    config = write_config(
        at.directory / "all.conf",
        DEFAULT={"bind_port": 0, "min_tasks": 0, "max_tasks": 0},
        worker={"slots": slots},
    )
    member = at.add("all", ["faafo-all", "--config-file", config], ALL_READY)
    url = re.search(r"faafo is at (\S+)/", member.service.output())[1]
    opened = database.sqlite(at.directory / ALL_DATABASE)
    return Stack(url, opened, {"faafo-all": member})


def add_worker(at: Site, name: str, slots: int, render_seconds: float | None) -> Member:
    """Start a worker at a site; ``render_seconds`` as for ``faafo``."""
    if render_seconds is None:
        return at.add_worker(name, slots=slots)
    options = {"filesystem_store_datadir": at.images, "transport_url": at.transport_url}
    config = write_config(
        at.directory / f"{name}.conf", DEFAULT=options, worker={"slots": slots, "name": name}
    )
    arguments = (render_seconds, "faafo.cmd.worker", "--config-file", config)
    return start(at, name, "benchmarks.paused", *arguments, ready="is ready, with")


def url_of(member: Member) -> str:
    """Return the URL that an API listens on, from its log."""
    return re.search(r"listens on (\S+)", member.service.output())[1]
