# SPDX-License-Identifier: Apache-2.0
"""How throughput grows with workers, when rendering is replaced by a pause."""

from benchmarks import database, load, stage
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from tests.chaos.site import Site

WORKERS = (1, 2, 4, 8)
SLOTS = 4
RENDER_SECONDS = 0.05
# Of work for each number of workers, without a loss.
SECONDS = 5.0
ROUNDS = 2
LEAST_SHARE = 90.0
# Of one POST of many.
LARGEST_POST = 1000
HOW = (
    f"Workers with {SLOTS} slots each, in which a render is a pause of "
    f"{1000 * RENDER_SECONDS:.0f} ms, so that the cores are no bound of rendering; everything else "
    "is as always. All fractals are posted at once; the time is from the first claim until all are "
    f"complete, and the best of {ROUNDS} rounds counts. The ideal is one fractal a slot and pause."
)


def run(report: Report) -> None:
    """Measure one worker, and add more."""
    report.section("Throughput and the number of workers", HOW)
    report.progress("scaling: starting RabbitMQ, MariaDB and faafo")
    rates: dict[int, float] = {}
    with stage.lab() as lab, stage.site(lab) as site:
        url = site.add_api()
        site.add_producer()
        with database.mariadb(site.database_url) as opened:
            stack = stage.Stack(url, opened, {})
            for number in WORKERS:
                _add_workers(site, number)
                rates[number] = max(_rate(stack, number) for _ in range(ROUNDS))
                report.progress(f"scaling: {number} worker(s), {rates[number]:.0f} fractals/s")
    _write(report, rates)


def _add_workers(site: Site, number: int) -> None:
    for index in range(len(site.of("worker")) + 1, number + 1):
        stage.add_worker(site, f"worker-{index}", SLOTS, RENDER_SECONDS)


def _ideal(workers: int) -> float:
    return workers * SLOTS / RENDER_SECONDS


def _rate(stack: stage.Stack, workers: int) -> float:
    tasks = anew(default_tasks(int(SECONDS * _ideal(workers))))
    parts = [tasks[start : start + LARGEST_POST] for start in range(0, len(tasks), LARGEST_POST)]
    requests = [("POST", "/api/fractals", [task.model_dump() for task in part]) for part in parts]
    load.send(stack.url, requests, expected=201, threads=1)
    return len(tasks) / stack.time_to_finish(len(tasks))


def _write(report: Report, rates: dict[int, float]) -> None:
    one = rates[WORKERS[0]]
    rows = [
        (number, rate, 100 * rate / _ideal(number), 100 * rate / (one * number))
        for number, rate in rates.items()
    ]
    report.table(("workers", "fractals/s", "% of the ideal", "% of linear"), rows)
    with report.plot("scaling", "Throughput with a render of 50 ms in 4 slots a worker") as axes:
        axes.plot(rates.keys(), rates.values(), "o-", label="faafo")
        ideal = [one * number for number in rates]
        axes.plot(rates.keys(), ideal, ":", color="#8a9499", label="linear")
        axes.set_xlabel("workers")
        axes.set_ylabel("fractals/s")
        axes.set_ylim(bottom=0)
        axes.legend()
    for number, *_others, share in rows[1:]:
        what = f"throughput of {number} workers, share of {number} times that of one"
        report.at_least(what, LEAST_SHARE, share, "%")
