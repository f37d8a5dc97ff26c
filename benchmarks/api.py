# SPDX-License-Identifier: Apache-2.0
"""faafo-api against a bare Flask and SQLAlchemy application with the same table and server."""

import contextlib
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import load, stage
from benchmarks.peers import bare_api
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from tests.chaos.site import Site
from tests.functional.servers import MariaDB

ROUNDS = 7
STORED = 500
REQUESTS = {"GET": 1200, "POST": 600}
LEAST_SHARE = 75.0
HOW = (
    f"{load.THREADS} clients that keep their connections, in a process of their own, ask two "
    f"servers with {bare_api.THREADS} threads each, on the same MariaDB, in turns; medians of "
    f"{ROUNDS} rounds of " + " and ".join(f"{n} {method}s" for method, n in REQUESTS.items()) + "."
)


def run(report: Report) -> None:
    """Measure requests a second for GET of one fractal and for POST."""
    report.section("faafo-api and a bare API", HOW)
    report.progress("api: starting MariaDB and both servers")
    with _servers() as urls:
        uuids = {name: _store(url) for name, url in urls.items()}
        medians = {
            method: _measure(report, method, urls, uuids, number)
            for method, number in REQUESTS.items()
        }
    report.bars(
        "api",
        "Requests that the API answers",
        {
            f"{method}, {name}": rate
            for method, rates in medians.items()
            for name, rate in rates.items()
        },
        "requests/s",
    )


@contextlib.contextmanager
def _servers() -> Iterator[dict[str, str]]:
    """Give the URLs of both, ours first."""
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory,
        MariaDB(durable=True) as mariadb,
        mariadb.database() as ours,
        mariadb.database() as theirs,
        Site(Path(directory), ours, "", {}) as site,
    ):
        url = site.add_api()
        module, ready = "benchmarks.peers.bare_api", bare_api.READY
        bare = stage.start(site, "bare", module, theirs, ready=ready)
        yield {"faafo": url, "bare": stage.url_of(bare)}


def _posts(count: int, seed: int) -> list[load.Request]:
    tasks = anew(default_tasks(count, seed))
    return [("POST", "/api/fractal", task.model_dump()) for task in tasks]


def _store(url: str) -> list[str]:
    requests = _posts(STORED, seed=1)
    load.send(url, requests, expected=201)
    return [body["uuid"] for _method, _path, body in requests]


def _measure(
    report: Report, method: str, urls: dict[str, str], uuids: dict[str, list[str]], number: int
) -> dict[str, float]:
    rng = random.Random(1)
    rates: dict[str, list[float]] = {name: [] for name in urls}
    for _ in range(ROUNDS):
        for name, url in urls.items():
            if method == "GET":
                chosen = rng.choices(uuids[name], k=number)
                requests = [("GET", f"/api/fractal/{uuid}", None) for uuid in chosen]
                sent = load.send(url, requests, expected=200)
            else:
                sent = load.send(url, _posts(number, seed=2), expected=201)
            rates[name].append(sent.rate)
        both = ", ".join(f"{name} {measured[-1]:.0f}/s" for name, measured in rates.items())
        report.progress(f"api: {method}, {both}")
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    report.table((f"{method}, requests/s", "median"), medians.items())
    pairs = zip(rates["faafo"], rates["bare"], strict=True)
    share = 100 * statistics.median(ours / bare for ours, bare in pairs)
    what = "GET one" if method == "GET" else method
    report.at_least(f"{what}, share of bare Flask + SQLAlchemy", LEAST_SHARE, share, "%")
    return medians
