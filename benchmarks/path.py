# SPDX-License-Identifier: Apache-2.0
"""The whole path, from POST to complete: faafo, faafo-all, the original's way and Celery stacks."""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks import peer_stacks, stage
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks, heavy_tasks
from benchmarks.report import Report
from tests.chaos.lab import Lab

SLOTS = 2
WARM_UP = 20

# The original needs more than a second for a fractal; faafo gets the same ones many times.
ORIGINAL_ROUNDS = 3
ORIGINAL_TASKS = 4
REPEATED = 60
LEAST_TO_ORIGINAL = 60.0

ROUNDS = 5
TASKS = 500
FAAFO, ALL = "faafo", "faafo-all"
CELERY, DURABLE = "Flask, Celery, Redis", "Flask, Celery, RabbitMQ: as durable"
LEAST_TO_CELERY = 1.1
LEAST_TO_DURABLE = 1.5
LEAST_OF_ALL = 1.0

SLOT_ROUNDS = 5
HEAVY_TASKS = 12
LEAST_TO_ONE_SLOT = 1.8


def run(report: Report) -> None:
    """Measure faafo and its peers on the same servers and the same fractals, in turns."""
    report.section(
        "The whole path",
        "Fractals within the producer's default ranges, the same ones for all, from the first "
        f"POST until all are complete; {SLOTS} slots. Rounds alternate; figures are medians. One "
        "Celery stack keeps tasks and results in Redis, which keeps nothing on disk, and does not "
        "sync its images. The other one is as durable as faafo: RabbitMQ with durable queues and "
        "publisher confirms, late acknowledgements, records in the same MariaDB, images and their "
        "directory synced.",
    )
    report.progress("path: starting RabbitMQ, MariaDB and faafo")
    with stage.lab() as lab:
        with stage.faafo(lab, SLOTS) as stack:
            stack.run_all(default_tasks(WARM_UP, seed=0))
            with peer_stacks.original(lab) as peer:
                _against_original(report, stack, peer)
            with (
                stage.faafo_all(lab, SLOTS) as all_in_one,
                peer_stacks.celery(lab, SLOTS) as celery,
                peer_stacks.durable_celery(lab, SLOTS) as durable,
            ):
                _in_turns(report, {FAAFO: stack, ALL: all_in_one, CELERY: celery, DURABLE: durable})
        _two_slots(report, lab)


def _against_original(report: Report, stack: stage.Stack, peer: peer_stacks.Original) -> None:
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


def _in_turns(report: Report, stacks: Mapping[str, stage.Stack]) -> None:
    for name, stack in stacks.items():
        if name != FAAFO:
            stack.run_all(default_tasks(WARM_UP, seed=0))
    rates: dict[str, list[float]] = {name: [] for name in stacks}
    for number in range(ROUNDS):
        tasks = default_tasks(TASKS, seed=200 + number)
        for name, stack in stacks.items():
            rates[name].append(TASKS / stack.run_all(anew(tasks)))
        latest = ", ".join(f"{name} {measured[-1]:.1f}/s" for name, measured in rates.items())
        report.progress(f"path: round {number + 1}, {latest}")
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    report.table(("fractals/s", "median", "each round"), _rows(medians, list(rates.values())))
    report.bars("path-celery", "The same kernel and PNG", medians, "fractals/s")
    for what, least, one, other in (
        ("whole path against Flask + Celery + Redis, not durable", LEAST_TO_CELERY, FAAFO, CELERY),
        ("whole path against Celery with the same durability", LEAST_TO_DURABLE, FAAFO, DURABLE),
        ("faafo-all against the three services", LEAST_OF_ALL, ALL, FAAFO),
    ):
        report.at_least(what, least, median_ratio(rates[one], rates[other]), "times")


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
