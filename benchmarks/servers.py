# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL against MariaDB: posts and claims of two APIs that differ in their database alone."""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import load
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from tests.chaos.site import Site
from tests.functional.databases import KINDS

NAMES = {"mariadb": "MariaDB", "postgresql": "PostgreSQL"}
ROUNDS = 5
SINGLES = 200
LISTED, LISTS = 1000, 2
CLAIMS, CLAIMED = 100, 10
LEAST_RATIO = 0.5
HOW = (
    f"Two APIs, one on each server, which write every commit to disk. One client with one "
    f"connection posts {SINGLES} fractals, one after the other, then {LISTS} lists of {LISTED}, "
    f"then claims {CLAIMS} times {CLAIMED}, at one API and then at the other, {ROUNDS} times."
)
SINGLE, LIST, CLAIM = "one POST each", f"lists of {LISTED}", f"claims of {CLAIMED}"


def run(report: Report) -> None:
    """Measure fractals a second on both servers."""
    report.section("PostgreSQL and MariaDB", HOW)
    report.progress("servers: starting both servers, and an API on each")
    rates: dict[str, dict[str, list[float]]] = {
        what: {name: [] for name in KINDS} for what in (SINGLE, LIST, CLAIM)
    }
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(_api(name)) for name in KINDS}
        for number in range(ROUNDS):
            for name, url in urls.items():
                rates[SINGLE][name].append(_post_singly(url))
                rates[LIST][name].append(_post_lists(url))
                rates[CLAIM][name].append(_claim(url))
            report.progress(f"servers: round {number + 1}")
    report.table(
        ("fractals/s, medians", *(NAMES[name] for name in KINDS), "PostgreSQL / MariaDB"),
        [
            (
                what,
                *(statistics.median(of[name]) for name in KINDS),
                f"{median_ratio(of['postgresql'], of['mariadb']):.2f}",
            )
            for what, of in rates.items()
        ],
    )
    for what, of in rates.items():
        ratio = median_ratio(of["postgresql"], of["mariadb"])
        report.at_least(f"PostgreSQL against MariaDB, {what}", LEAST_RATIO, ratio, "times")


@contextlib.contextmanager
def _api(name: str) -> Iterator[str]:
    """Give the URL of an API on a server of that kind."""
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory,
        KINDS[name](durable=True) as server,
        server.database() as database_url,
        Site(Path(directory), database_url, "", {}) as site,
    ):
        yield site.add_api()


def _post_singly(url: str) -> float:
    requests = [("POST", "/api/fractal", fields) for fields in _fields(SINGLES)]
    return load.send(url, requests, expected=201, threads=1).rate


def _post_lists(url: str) -> float:
    requests = [("POST", "/api/fractals", _fields(LISTED)) for _ in range(LISTS)]
    return LISTED * load.send(url, requests, expected=201, threads=1).rate


def _claim(url: str) -> float:
    wanted = {"claimed_by": "benchmark", "count": CLAIMED, "lease": 3600}
    requests = [("POST", "/api/claim", wanted)] * CLAIMS
    return CLAIMED * load.send(url, requests, expected=200, threads=1).rate


def _fields(count: int) -> list[dict]:
    return [task.model_dump() for task in anew(default_tasks(count))]
