# SPDX-License-Identifier: Apache-2.0
"""Polls of a job whose state is in Redis, against polls of its record in the database."""

import contextlib
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql
import requests

from benchmarks import load
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from tests.functional.processes import (
    SCRIPTS,
    Service,
    environment,
    upgrade_database,
    write_config,
)
from tests.functional.redis_server import Redis
from tests.functional.servers import ADDRESS, PASSWORD, USER, MariaDB

ROUNDS = 9
STORED = 500
REQUESTS = 1500
LEAST_RATIO = 2.0
RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 50_000, "generated_by": "worker-1"}
PATHS = {"GET /api/fractal/<uuid>": "fractal", "GET /api/job/<uuid>": "job"}
HOW = (
    f"{load.THREADS} clients that keep their connections, in a process of their own, poll {STORED} "
    "complete fractals at an API on MariaDB, in turns: their records, and their jobs, whose states "
    "faafo-manage reader rebuild has written to Redis, on TCP with a password; medians of "
    f"{ROUNDS} rounds of {REQUESTS} requests. MariaDB counts its statements meanwhile."
)


@dataclass(frozen=True)
class Site:
    """An API with what it asks, and its fractals."""

    url: str
    mariadb: MariaDB
    uuids: list[str]

    def statements(self) -> int:
        """Return the number of statements that clients have sent to the database so far."""
        connection = pymysql.connect(
            host=ADDRESS, port=self.mariadb.port, user=USER, password=PASSWORD
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
            return int(cursor.fetchone()[1])


def run(report: Report) -> None:
    """Measure requests a second for both, and count statements of the database."""
    report.section("Polls of a job with Redis", HOW)
    report.progress("jobs: starting MariaDB, Redis and an API")
    with _site() as site:
        # What it takes to count: to log in, and to ask.
        own = -(site.statements() - site.statements())
        rates: dict[str, list[float]] = {name: [] for name in PATHS}
        statements = 0
        for number in range(ROUNDS):
            for name, resource in PATHS.items():
                before = site.statements()
                rates[name].append(_rate(site, resource, seed=number))
                if resource == "job":
                    statements += site.statements() - before - own
            last = ", ".join(f"{name} {measured[-1]:.0f}/s" for name, measured in rates.items())
            report.progress(f"jobs: {last}")
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    report.table(("Requests/s", "median"), medians.items())
    ratio = median_ratio(*reversed([*rates.values()]))
    what = "GET of a job with Redis, against GET of its record"
    report.at_least(what, LEAST_RATIO, ratio, "times")
    report.at_most("statements of the database for all polls of jobs", 0, statements)


def _rate(site: Site, resource: str, seed: int) -> float:
    chosen = random.Random(seed).choices(site.uuids, k=REQUESTS)
    polls: list[load.Request] = [("GET", f"/api/{resource}/{uuid}", None) for uuid in chosen]
    return load.send(site.url, polls, expected=200).rate


@contextlib.contextmanager
def _site() -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as name,
        MariaDB(durable=True) as mariadb,
        mariadb.database() as database_url,
        Redis() as redis,
    ):
        directory = Path(name)
        upgrade_database(database_url)
        config = write_config(
            directory / "api.conf",
            DEFAULT={
                "bind_port": 0,
                "database_url": database_url,
                "filesystem_store_datadir": directory / "images",
            },
            reader={"redis_url": redis.url},
        )
        with Service(directory, "faafo-api", "--config-file", config) as api:
            url = api.wait_for_url()
            uuids = _completed(url)
            subprocess.run(
                [SCRIPTS / "faafo-manage", "--config-file", config, "reader", "rebuild"],
                env=environment(directory),
                stdout=sys.stderr,
                check=True,
            )
            yield Site(url, mariadb, uuids)


def _completed(url: str) -> list[str]:
    """Post fractals and record their results; return their uuids."""
    tasks = [task.model_dump() for task in anew(default_tasks(STORED, 1))]
    load.send(url, [("POST", "/api/fractal", task) for task in tasks], expected=201)
    session = requests.Session()
    for task in tasks:
        session.put(f"{url}/api/fractal/{task['uuid']}", json=RESULT).raise_for_status()
    return [task["uuid"] for task in tasks]
