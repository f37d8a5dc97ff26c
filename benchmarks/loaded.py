# SPDX-License-Identifier: Apache-2.0
"""The latency of a fractal under load, from POST to complete: percentiles."""

from collections.abc import Mapping

from benchmarks import openloop, stage
from benchmarks.figures import arrivals, percentile
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report

SLOTS = 2
WARM_UP = 100
# Fractals by which the throughput is measured.
TASKS = 400
# The share of the throughput, and the seconds of arrivals.
LOADS = {0.01: 20.0, 0.1: 12.0, 0.5: 12.0}
LEAST_ARRIVALS = 20
PERCENTILES = (0.5, 0.95, 0.99)
HOW = (
    "Fractals within the producer's default ranges are posted over kept connections at the moments "
    "of a Poisson process, whether earlier ones are complete or not, at a share of the throughput "
    f"of {TASKS} fractals that was measured just before. The time is that from the moment at which "
    "the POST was due until the record is complete, the render included. The end is seen in the "
    f"database, every {1000 * openloop.POLL_SECONDS:.0f} ms, so that the API has no other work."
)


def run(report: Report) -> None:
    """Measure faafo-all and the three services."""
    report.section("Latency under load", HOW)
    report.progress("loaded: starting RabbitMQ, MariaDB, faafo and faafo-all")
    with (
        stage.lab() as lab,
        stage.faafo_all(lab, SLOTS) as one,
        stage.faafo(lab, SLOTS) as three,
    ):
        _measure(report, {"faafo-all": one, "three services": three})


def _measure(report: Report, stacks: Mapping[str, stage.Stack]) -> None:
    rows: list[tuple] = []
    for name, stack in stacks.items():
        stack.run_all(anew(default_tasks(WARM_UP, seed=0)))
        throughput = TASKS / stack.run_all(anew(default_tasks(TASKS, seed=400)))
        report.progress(f"loaded: {name}, {throughput:.0f} fractals/s")
        for share, seconds in LOADS.items():
            rate = share * throughput
            count = max(LEAST_ARRIVALS, round(seconds * rate))
            tasks = anew(default_tasks(count, seed=401))
            taken = openloop.OpenLoop(stack, tasks, arrivals(rate, count, seed=402)).run()
            values = [1000 * percentile(taken, one) for one in PERCENTILES]
            rows.append((f"{name}, {100 * share:.0f} %", rate, count, *values))
            report.progress(f"loaded: {rows[-1][0]}, p50 {values[0]:.0f} ms")
    columns = ("load", "fractals/s", "fractals", *(f"p{100 * one:.0f} ms" for one in PERCENTILES))
    report.table(columns, rows)
