# SPDX-License-Identifier: Apache-2.0
"""The control path alone, with a kernel that returns at once: faafo, Celery, the release before."""

import contextlib
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from benchmarks import before, cpu, peer_stacks, stage
from benchmarks.figures import median_ratio
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import COLOURS, Report
from tests.chaos.lab import Lab
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
FAAFO, CELERY, BEFORE = "faafo", "Flask, Celery, Redis", "the release before"
ROUNDS = 12
TASKS = 600
WARM_UP = 100
IDLE_SECONDS = 15.0
LEAST_RATE = 200.0
LEAST_RATE_TO_CELERY = 1.2
MOST_MILLISECONDS = 6.0
MOST_TO_CELERY = 0.8
MOST_TO_BEFORE = 0.55
HOW = (
    f"{TASKS} fractals are posted by a client that keeps its connections, {ROUNDS} times, in turns "
    "to faafo, to the Celery stack that is not durable and to the release before; in all of them a "
    "render returns at once with the same tiny picture. The rate is from the first POST until all "
    "are complete. CPU is user and system time of whole process trees, broker and database "
    "included, without the client. Brokers use CPU when idle, too: that is measured over an idle "
    "time and subtracted. Ratios are medians of the ratios of the rounds. Other load on the host "
    "makes a round up to half as long again and raises the CPU of all servers: for absolute values "
    "the round with the least CPU counts, and all are shown."
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

    def beyond(self, idle: Mapping[str, float]) -> float:
        """Return CPU milliseconds a fractal without those of an idle broker.

        :param idle: CPU seconds a second of the idle processes.
        """
        return sum(self.milliseconds.values()) - 1000 * idle["broker"] / self.rate


class Subject:
    """A stack that is measured, with the servers that it uses, and its rounds so far."""

    def __init__(self, stack: stage.Stack, servers: Mapping[str, psutil.Process]) -> None:
        self.stack = stack
        self.rounds: list[Round] = []
        # Each has its own broker, or uses that of the laboratory.
        self._meter = cpu.Meter({**servers, **stack.processes})

    def play(self, tasks: list) -> None:
        """Have ``tasks`` rendered under new names."""
        self._meter.lap()
        seconds = self.stack.run_all(anew(tasks))
        self.rounds.append(Round(len(tasks), seconds, self._meter.lap()))

    def begin_idle(self) -> None:
        """Begin to measure idle processes."""
        self._meter.lap()

    def end_idle(self, seconds: float) -> dict[str, float]:
        """Return CPU seconds a second of the idle processes, by name."""
        return {name: spent / seconds for name, spent in self._meter.lap().items()}


def run(report: Report) -> None:
    """Measure fractals a second, and the CPU that each costs by process."""
    report.section("The control path alone", HOW)
    with contextlib.ExitStack() as opened:
        release = _install(report, opened)
        report.progress("control: starting RabbitMQ, MariaDB and the services")
        lab = opened.enter_context(stage.lab())
        subjects = opened.enter_context(_subjects(lab, release))
        tasks = default_tasks(TASKS)
        for subject in subjects.values():
            subject.stack.run_all(anew(tasks[:WARM_UP]))
        for number in range(ROUNDS):
            for subject in subjects.values():
                subject.play(tasks)
            rates = ", ".join(f"{name} {one.rounds[-1].rate:.0f}" for name, one in subjects.items())
            report.progress(f"control: round {number + 1}, fractals/s: {rates}")
        idle = _measure_idle(report, subjects)
        _write_rounds(report, subjects, idle)
        _write_costs(report, subjects[FAAFO], idle[FAAFO])
        _write_processes(report, subjects)
        _compare(report, subjects, idle)
        _count(report, subjects[FAAFO].stack, tasks)


def _install(report: Report, opened: contextlib.ExitStack) -> before.Release | None:
    """Install the release before, or write why there is none to compare with."""
    revision = report.before or before.default_revision()
    report.progress(f"control: installing the release before, {revision}")
    try:
        return opened.enter_context(before.installed(revision))
    except LookupError as error:
        report.text(f"No comparison with the release before: {error}.")
        return None


@contextlib.contextmanager
def _subjects(lab: Lab, release: before.Release | None) -> Iterator[dict[str, Subject]]:
    with (
        stage.faafo(lab, SLOTS, render_seconds=0) as ours,
        peer_stacks.celery(lab, SLOTS, render_seconds=0) as celery,
        contextlib.ExitStack() as opened,
    ):
        servers = {"broker": cpu.server(cpu.BROKER), "database": cpu.server(cpu.DATABASE)}
        stacks = {FAAFO: ours, CELERY: celery}
        if release is not None:
            earlier = before.instant_faafo(lab, SLOTS, release)
            stacks[BEFORE] = opened.enter_context(earlier)
        yield {name: Subject(stack, servers) for name, stack in stacks.items()}


def _measure_idle(report: Report, subjects: Mapping[str, Subject]) -> dict[str, dict[str, float]]:
    report.progress(f"control: idle for {IDLE_SECONDS:.0f} s")
    for subject in subjects.values():
        subject.begin_idle()
    pause(IDLE_SECONDS)
    return {name: subject.end_idle(IDLE_SECONDS) for name, subject in subjects.items()}


def _write_rounds(
    report: Report, subjects: Mapping[str, Subject], idle: Mapping[str, Mapping[str, float]]
) -> None:
    rows = []
    for name, subject in subjects.items():
        rates = [one.rate for one in subject.rounds]
        costs = [one.beyond(idle[name]) for one in subject.rounds]
        each = ", ".join(f"{a:.0f} ({b:.1f})" for a, b in zip(rates, costs, strict=True))
        rows.append((name, statistics.median(rates), statistics.median(costs), each))
    report.table(("median", "fractals/s", "CPU ms a fractal", "each round"), rows)


def _write_processes(report: Report, subjects: Mapping[str, Subject]) -> None:
    """Write where the CPU time of faafo and of the release before goes: the medians of rounds."""
    of = {name: subjects[name].rounds for name in (FAAFO, BEFORE) if name in subjects}
    processes = [*of[FAAFO][0].milliseconds]
    rows = [
        (process, *(_median_of(rounds, process) for rounds in of.values())) for process in processes
    ]
    report.table(("CPU ms a fractal, median", *of), rows)


def _median_of(rounds: list[Round], process: str) -> float:
    return statistics.median(one.milliseconds.get(process, 0.0) for one in rounds)


def _compare(
    report: Report, subjects: Mapping[str, Subject], idle: Mapping[str, Mapping[str, float]]
) -> None:
    rates = {name: [one.rate for one in subject.rounds] for name, subject in subjects.items()}
    costs = {
        name: [one.beyond(idle[name]) for one in subject.rounds]
        for name, subject in subjects.items()
    }
    report.at_least(
        "control path alone, against the Celery stack",
        LEAST_RATE_TO_CELERY,
        median_ratio(rates[FAAFO], rates[CELERY]),
        "times",
    )
    for peer, most in ((CELERY, MOST_TO_CELERY), (BEFORE, MOST_TO_BEFORE)):
        if peer in costs:
            what = f"CPU a fractal beyond counts and PNG, all processes, to {peer}"
            report.at_most(what, most, median_ratio(costs[FAAFO], costs[peer]), "times")


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


def _write_costs(report: Report, ours: Subject, idle: Mapping[str, float]) -> None:
    best = min(ours.rounds, key=lambda one: sum(one.milliseconds.values()))
    each = best.milliseconds
    rest = {name: 1000 * spent / best.rate for name, spent in idle.items()}
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
