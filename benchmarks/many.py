# SPDX-License-Identifier: Apache-2.0
"""POST of many fractals in one list against one POST each, over one kept connection."""

import statistics
import tempfile
from pathlib import Path

from benchmarks import load
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from tests.chaos.site import Site
from tests.functional.servers import MariaDB

ROUNDS = 5
# Of one list; the most that the API takes.
LISTED = 1000
LISTS = 3
SINGLES = 300
LEAST_RATIO = 10.0
SINGLE, LIST = "one POST each", f"lists of {LISTED}"
HOW = (
    f"One client with one connection posts {SINGLES} fractals, one after the other, and then "
    f"{LISTS} lists of {LISTED}, in turns, {ROUNDS} times, to one API on MariaDB, which writes "
    "every commit to disk. Nothing renders meanwhile."
)


def run(report: Report) -> None:
    """Measure fractals a second in both ways."""
    report.section("Posting many fractals", HOW)
    report.progress("many: starting MariaDB and the API")
    rates: dict[str, list[float]] = {LIST: [], SINGLE: []}
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory,
        MariaDB(durable=True) as mariadb,
        mariadb.database() as database_url,
        Site(Path(directory), database_url, "", {}) as site,
    ):
        url = site.add_api()
        for number in range(ROUNDS):
            rates[SINGLE].append(_post_singly(url))
            rates[LIST].append(_post_lists(url))
            both = ", ".join(f"{name} {measured[-1]:.0f}/s" for name, measured in rates.items())
            report.progress(f"many: round {number + 1}, {both}")
    report.table(
        ("fractals/s", "median", "each round"),
        [
            (name, statistics.median(measured), ", ".join(f"{rate:.0f}" for rate in measured))
            for name, measured in rates.items()
        ],
    )
    ratio = median_ratio(rates[LIST], rates[SINGLE])
    what = f"POST /api/fractals of {LISTED} against single POSTs, fractals/s"
    report.at_least(what, LEAST_RATIO, ratio, "times")


def _post_singly(url: str) -> float:
    requests = [("POST", "/api/fractal", fields) for fields in _fields(SINGLES)]
    return load.send(url, requests, expected=201, threads=1).rate


def _post_lists(url: str) -> float:
    requests = [("POST", "/api/fractals", _fields(LISTED)) for _ in range(LISTS)]
    return LISTED * load.send(url, requests, expected=201, threads=1).rate


def _fields(count: int) -> list[dict]:
    return [task.model_dump() for task in anew(default_tasks(count))]
