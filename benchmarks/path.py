# SPDX-License-Identifier: Apache-2.0
"""The whole path, from POST to complete: against the original's way and a Celery stack."""

import contextlib
import itertools
import json
import re
import shutil
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import database, stage
from benchmarks.peers import bare_api, celery_stack, original
from benchmarks.pictures import anew, default_tasks, heavy_tasks
from benchmarks.report import Report
from faafo.fractal.task import FractalTask
from tests.chaos.lab import Lab
from tests.chaos.site import Site
from tests.functional.servers import ADDRESS, free_ports

SLOTS = 2
WARM_UP = 20

# The original needs more than a second for a fractal; faafo gets the same ones many times.
ORIGINAL_ROUNDS = 3
ORIGINAL_TASKS = 4
REPEATED = 60
LEAST_TO_ORIGINAL = 60.0

CELERY_ROUNDS = 5
CELERY_TASKS = 600
LEAST_TO_CELERY = 1.0

SLOT_ROUNDS = 5
HEAVY_TASKS = 12
LEAST_TO_ONE_SLOT = 1.8


def run(report: Report) -> None:
    """Measure faafo and its peers on the same servers and the same fractals, in turns."""
    report.section(
        "The whole path",
        "Fractals within the producer's default ranges, the same ones for both, from the first "
        f"POST until all are complete; {SLOTS} slots. Rounds alternate; figures are medians.",
    )
    report.progress("path: starting RabbitMQ, MariaDB and faafo")
    with stage.lab() as lab:
        with stage.faafo(lab, SLOTS) as stack:
            stack.run_all(default_tasks(WARM_UP, seed=0))
            with _original(lab) as peer:
                _against_original(report, stack, peer)
            with _celery(lab) as peer:
                peer.run_all(default_tasks(WARM_UP, seed=0))
                _against_celery(report, stack, peer)
        _two_slots(report, lab)


class Original:
    """The original's three processes; its producer is restarted for each set of fractals."""

    def __init__(self, site: Site, url: str) -> None:
        self._site = site
        self._url = url
        self._runs = itertools.count(1)

    def run_all(self, tasks: Sequence[FractalTask]) -> float:
        """Return the seconds from the first POST until the last PUT."""
        path = self._site.directory / "tasks.json"
        path.write_text(json.dumps([task.model_dump() for task in tasks]))
        arguments = ("producer", self._site.transport_url, self._url, path)
        name, module = f"producer-{next(self._runs)}", "benchmarks.peers.original"
        member = stage.start(self._site, name, module, *arguments, ready=original.FINISHED)
        return float(re.search(rf"{original.FINISHED} (\S+) s", member.service.output())[1])


@contextlib.contextmanager
def _original(lab: Lab) -> Iterator[Original]:
    with stage.site(lab) as site:
        module = "benchmarks.peers.original"
        api = stage.start(site, "api", module, "api", site.database_url, ready=bare_api.READY)
        arguments = ("worker", site.transport_url, site.images)
        stage.start(site, "worker", module, *arguments, ready=original.READY)
        yield Original(site, stage.url_of(api))


@contextlib.contextmanager
def _celery(lab: Lab) -> Iterator[stage.Stack]:
    with stage.site(lab) as site:
        redis_url = _start_redis(site)
        module, urls = "benchmarks.peers.celery_stack", (site.database_url, redis_url)
        api = stage.start(site, "api", module, "api", *urls, ready=bare_api.READY)
        arguments = ("worker", *urls, site.images, SLOTS)
        worker = stage.start(site, "worker", module, *arguments, ready=celery_stack.READY)
        with database.mariadb(site.database_url) as opened:
            yield stage.Stack(stage.url_of(api), opened, {"API": api, "worker": worker})


def _start_redis(site: Site) -> str:
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is missing; install it with: apt-get install redis-server")
    (port,) = free_ports(1)
    directory = Path(site.directory)
    options = ["--port", port, "--bind", ADDRESS, "--dir", directory, "--save", ""]
    site.add("redis", [program, *options], "Ready to accept connections")
    return f"redis://{ADDRESS}:{port}/0"


def _against_original(report: Report, stack: stage.Stack, peer: Original) -> None:
    ours, theirs, ratios = [], [], []
    for number in range(ORIGINAL_ROUNDS):
        tasks = default_tasks(ORIGINAL_TASKS, seed=100 + number)
        theirs.append(len(tasks) / peer.run_all(tasks))
        repeated = anew(REPEATED * tasks)
        ours.append(len(repeated) / stack.run_all(repeated))
        ratios.append(ours[-1] / theirs[-1])
        report.progress(
            f"path: round {number + 1}, faafo {ours[-1]:.1f}/s, original {theirs[-1]:.2f}/s"
        )
    rates = {"faafo": statistics.median(ours), "the original's way": statistics.median(theirs)}
    report.table(("fractals/s", "median", "each round"), _rows(rates, (ours, theirs)))
    report.bars("path-original", "From POST to complete", rates, "fractals/s")
    what = "whole path against the original's way"
    report.at_least(what, LEAST_TO_ORIGINAL, statistics.median(ratios), "times")


def _against_celery(report: Report, stack: stage.Stack, peer: stage.Stack) -> None:
    ours, theirs = _alternate(report, "Celery", stack, peer, CELERY_ROUNDS, CELERY_TASKS)
    rates = {"faafo": statistics.median(ours), "Flask, Celery, Redis": statistics.median(theirs)}
    report.table(("fractals/s", "median", "each round"), _rows(rates, (ours, theirs)))
    report.bars("path-celery", "The same kernel and PNG", rates, "fractals/s")
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    report.at_least("whole path against Flask + Celery + Redis", LEAST_TO_CELERY, ratio, "times")


def _alternate(
    report: Report, peer: str, one: stage.Stack, other: stage.Stack, rounds: int, count: int
) -> tuple[list[float], list[float]]:
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        tasks = default_tasks(count, seed=200 + number)
        for measured, stack in zip(rates, (one, other), strict=True):
            measured.append(count / stack.run_all(anew(tasks)))
        report.progress(
            f"path: round {number + 1}, faafo {rates[0][-1]:.1f}/s, {peer} {rates[1][-1]:.1f}/s"
        )
    return rates


def _two_slots(report: Report, lab: Lab) -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    with stage.faafo(lab, 1) as one, stage.faafo(lab, 2) as two:
        for stack in (one, two):
            stack.run_all(heavy_tasks(2))
        for number in range(SLOT_ROUNDS):
            for slots, stack in ((1, one), (2, two)):
                rates[slots].append(
                    HEAVY_TASKS / stack.run_from_first_claim(heavy_tasks(HEAVY_TASKS))
                )
            both = " and ".join(f"{measured[-1]:.2f}/s" for measured in rates.values())
            report.progress(f"path: round {number + 1}, one slot and two: {both}")
    medians = {f"{slots} slot(s)": statistics.median(rates[slots]) for slots in (2, 1)}
    report.table(("heavy fractals/s", "median", "each round"), _rows(medians, (rates[2], rates[1])))
    ratio = statistics.median(b / a for a, b in zip(rates[1], rates[2], strict=True))
    report.at_least("two render slots against one", LEAST_TO_ONE_SLOT, ratio, "times")


def _rows(medians: dict[str, float], rounds: Sequence[Sequence[float]]) -> list[tuple]:
    return [
        (name, median, ", ".join(f"{rate:.3g}" for rate in each))
        for (name, median), each in zip(medians.items(), rounds, strict=True)
    ]
