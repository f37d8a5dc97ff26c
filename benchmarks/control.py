# SPDX-License-Identifier: Apache-2.0
"""The control path alone: a kernel that returns at once."""

from dataclasses import dataclass

import psutil

from benchmarks import cpu, stage
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import COLOURS, Report
from tests.chaos.site import pause

SLOTS = 2
STATEMENTS = {
    "SELECT": "Com_select",
    "INSERT": "Com_insert",
    "UPDATE": "Com_update",
    "COMMIT": "Com_commit",
    "ROLLBACK": "Com_rollback",
    "ping": "Com_admin_commands",
}
ROUNDS = 6
TASKS = 600
WARM_UP = 100
LEAST_RATE = 200.0
MOST_MILLISECONDS = 6.0
HOW = (
    f"{TASKS} fractals are posted by a client that keeps its connections, {ROUNDS} times; the rate "
    "is from the first POST until all are complete. CPU is user and system time of the whole "
    "process tree, without the client. The broker uses CPU when idle, too: that is measured over "
    "an idle time of the same length and subtracted. Other load on the host makes a round up to "
    "half as long again and raises the CPU of all servers: the round with the least CPU counts, "
    "and all are shown."
)


@dataclass(frozen=True)
class Round:
    """A number of fractals, the seconds until all are complete, and CPU seconds by process."""

    fractals: int
    seconds: float
    spent: dict[str, float]

    @property
    def rate(self) -> float:
        """Fractals a second."""
        return self.fractals / self.seconds

    @property
    def milliseconds(self) -> dict[str, float]:
        """CPU milliseconds a fractal by process."""
        return {name: 1000 * seconds / self.fractals for name, seconds in self.spent.items()}


def run(report: Report) -> None:
    """Measure fractals a second, and the CPU that each costs by process."""
    report.section("The control path alone", HOW)
    report.progress("control: starting RabbitMQ, MariaDB and faafo")
    with stage.lab() as lab, stage.faafo(lab, SLOTS, instant=True) as stack:
        tasks = default_tasks(TASKS)
        stack.run_all(anew(tasks[:WARM_UP]))
        servers = {"broker": cpu.server(cpu.BROKER), "database": cpu.server(cpu.DATABASE)}
        _measure(report, stack, stack.processes | servers, tasks)
        _count(report, stack, tasks)


def _measure(
    report: Report, stack: stage.Stack, roots: dict[str, psutil.Process], tasks: list
) -> None:
    meter, rounds = cpu.Meter(roots), []
    for number in range(ROUNDS):
        seconds = stack.run_all(anew(tasks))
        rounds.append(Round(len(tasks), seconds, meter.lap()))
        report.progress(f"control: round {number + 1}, {rounds[-1].rate:.0f} fractals/s")
    best = min(rounds, key=lambda one: sum(one.milliseconds.values()))
    idle_seconds = ROUNDS * best.seconds
    report.progress(f"control: idle for {idle_seconds:.0f} s")
    meter.lap()
    pause(idle_seconds)
    idle = {name: spent / ROUNDS for name, spent in meter.lap().items()}
    report.table(
        ("round", "fractals/s", "CPU ms a fractal, idle broker included"),
        [(n, one.rate, sum(one.milliseconds.values())) for n, one in enumerate(rounds, start=1)],
    )
    _write_costs(report, best, Round(len(tasks), best.seconds, idle).milliseconds)


def _count(report: Report, stack: stage.Stack, tasks: list) -> None:
    """Count requests, statements and log lines: unlike times, they do not depend on the machine."""
    before, lines_before = stack.database.counters(), _log_lines(stack)
    stack.run_all(anew(tasks))
    after, lines_after = stack.database.counters(), _log_lines(stack)
    each = {name: (after[key] - before[key]) / len(tasks) for name, key in STATEMENTS.items()}
    lines = {name: (lines_after[name] - lines_before[name]) / len(tasks) for name in lines_after}
    report.table(
        ("a fractal takes", "number"),
        [
            ("HTTP requests", lines["API"]),
            *((f"{name} to the database", number) for name, number in each.items()),
            ("lines of log", sum(lines.values())),
        ],
    )


def _log_lines(stack: stage.Stack) -> dict[str, int]:
    return {name: one.service.output().count("\n") for name, one in stack.members.items()}


def _write_costs(report: Report, best: Round, rest: dict[str, float]) -> None:
    each = best.milliseconds
    cost = {name: each[name] - (rest[name] if name == "broker" else 0.0) for name in each}
    rows = [(name, each[name], rest[name], cost[name]) for name in each]
    totals = ("**all**", sum(each.values()), sum(rest.values()), sum(cost.values()))
    report.table(("CPU ms a fractal", "busy", "idle as long", "counted"), [*rows, totals])
    with report.plot("control", "CPU of a fractal beyond counts and PNG", height=1.6) as axes:
        left = 0.0
        for colour, (name, value) in zip(COLOURS, cost.items(), strict=False):
            axes.barh([""], [value], left=left, color=colour, label=f"{name} {value:.1f}")
            left += value
        axes.axvline(MOST_MILLISECONDS, color="#3b4448", linewidth=1, linestyle=":")
        axes.set_xlabel("ms")
        axes.legend(ncols=len(cost), loc="upper left", bbox_to_anchor=(0, -0.5))
    report.at_least("control path alone", LEAST_RATE, best.rate, "fractals/s")
    report.at_most(
        "CPU a fractal beyond counts and PNG, all processes",
        MOST_MILLISECONDS,
        sum(cost.values()),
        "ms",
    )
