# SPDX-License-Identifier: Apache-2.0
"""Waiting for a result in the request that posts it; what waiters and streams cost the others."""

import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks import load, stage
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from faafo.fractal.task import FractalTask
from tests.chaos.site import Site

ROUNDS = 15
POSTED = {"width": 640, "height": 480}
MOST_SECONDS = 0.5
WAITERS = 100
STREAMS = 100
BESIDE = f"{WAITERS} waiters and {STREAMS} streams"
PREFER = {"Prefer": "wait=60"}
ASKED = 40
TURNS = 4
MOST_SLOWER = 1.5
MOST_MEGABYTES = 60.0
RENEWAL = {"claimed_by": "nobody", "lease": 30}
OTHERS = {"gallery": ("GET", "/", None), "renewal": ("PUT", "/api/claim", RENEWAL)}
HOW = (
    f"One client posts {POSTED['width']} × {POSTED['height']} pixels to faafo-all with "
    f"`Prefer: wait=10`, {ROUNDS} times, one after the other. Then {WAITERS} clients wait for "
    f"fractals that nobody renders, and {STREAMS} follow events, at an API on SQLite, while "
    f"another asks for the gallery and renews leases, {ASKED} times in each of {TURNS} turns with "
    "and without. Before each time it posts a fractal, of which all streams are told."
)


def run(report: Report) -> None:
    """Measure the wait, and what it costs others."""
    report.section("Waiting for a result", HOW)
    report.progress("waiting: starting faafo-all")
    with (
        tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory,
        Site(Path(directory), "", "", {}) as site,
    ):
        one = stage.add_all(site, 2)
        one.run_all(anew(default_tasks(10, seed=0)))
        seconds = [_seconds_to_complete(one.url, task) for task in default_tasks(ROUNDS, seed=7)]
    median = statistics.median(seconds)
    report.table(
        ("s, POST to complete in one request", "least", "median", "most"),
        [("faafo-all", min(seconds), median, max(seconds))],
    )
    report.at_most("POST that waits for 640 × 480 pixels, median", MOST_SECONDS, median, "s")
    _measure_others(report)


def _seconds_to_complete(url: str, task: FractalTask) -> float:
    (renamed,) = anew([task])
    body = {**renamed.model_dump(), **POSTED}
    request = load.prepared("POST", "/api/fractal", body, {"Prefer": "wait=10"})
    with contextlib.closing(load.Connection(urlsplit(url).port)) as connection:
        started_at = time.perf_counter()
        _status, answer = connection.ask(request)
        seconds = time.perf_counter() - started_at
    if json.loads(answer)["status"] != "complete":
        raise RuntimeError(f"fractal {renamed.uuid} is not complete after {seconds:g} s")
    return seconds


def _measure_others(report: Report) -> None:
    report.progress("waiting: starting an API")
    with tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as directory:
        database = f"sqlite:///{directory}/faafo.sqlite"
        with Site(Path(directory), database, "", {}) as site:
            url = site.add_api()
            api = psutil.Process(site.members["api-1"].service.pid)
            _ask_others(url)
            alone: dict[str, list[float]] = {name: [] for name in OTHERS}
            beside: dict[str, list[float]] = {name: [] for name in OTHERS}
            grown = []
            for number in range(TURNS):
                _add(alone, _ask_others(url))
                before = api.memory_info().rss
                with _waiters(url), _streams(url):
                    _add(beside, _ask_others(url))
                    grown.append((api.memory_info().rss - before) / 2**20)
                report.progress(f"waiting: turn {number + 1} of {TURNS}")
    report.table(
        ("median ms", "alone", f"beside {BESIDE}"),
        [
            (name, *(1000 * statistics.median(one[name]) for one in (alone, beside)))
            for name in OTHERS
        ],
    )
    for name in OTHERS:
        ratio = median_ratio(beside[name], alone[name])
        report.at_most(f"{name} beside {BESIDE}, to alone", MOST_SLOWER, ratio, "times")
    report.at_most(f"memory for {BESIDE}", MOST_MEGABYTES, max(grown), "MB")


def _add(measured: dict[str, list[float]], seconds: dict[str, float]) -> None:
    for name, value in seconds.items():
        measured[name].append(value)


def _ask_others(url: str) -> dict[str, float]:
    """Return the median seconds of each request."""
    taken: dict[str, list[float]] = {name: [] for name in OTHERS}
    with contextlib.closing(load.Connection(urlsplit(url).port)) as connection:
        for task in anew(default_tasks(ASKED, seed=8)):
            connection.ask(load.prepared("POST", "/api/fractal", task.model_dump()))
            for name, request in OTHERS.items():
                started_at = time.perf_counter()
                connection.ask(load.prepared(*request))
                taken[name].append(time.perf_counter() - started_at)
    return {name: statistics.median(values) for name, values in taken.items()}


@contextlib.contextmanager
def _waiters(url: str) -> Iterator[None]:
    """Have clients wait for a fractal of each; they hang up in the end."""
    with contextlib.ExitStack() as opened:
        for task in anew(default_tasks(WAITERS, seed=9)):
            connection = load.Connection(urlsplit(url).port)
            opened.callback(connection.close)
            connection.send(load.prepared("POST", "/api/fractal", task.model_dump(), PREFER))
        yield


@contextlib.contextmanager
def _streams(url: str) -> Iterator[None]:
    """Have clients follow events; they read no more than that no change is missed any more."""
    with contextlib.ExitStack() as opened:
        for _ in range(STREAMS):
            connection = load.Connection(urlsplit(url).port)
            opened.callback(connection.close)
            connection.send(load.prepared("GET", "/api/event", None))
            connection.read_until(b"event: open")
        yield
