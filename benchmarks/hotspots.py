# SPDX-License-Identifier: Apache-2.0
"""Where the CPU of the control path goes: ``python -m benchmarks.hotspots``, tables in Markdown.

It is no benchmark: py-spy, which needs the permission to trace other processes, uses CPU, too.
Milliseconds are the CPU that a fractal costs the process without py-spy, distributed by samples of
the stack that holds the interpreter lock.
"""

import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import cpu, stage
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report

TASKS = 600
SLOTS = 2
PER_SECOND = "200"
MOST_PACKAGES = 15
MOST_FUNCTIONS = 45
PY_SPY = Path(sys.executable).with_name("py-spy")
PLACE = re.compile(r"^(.*) \((.*):\d+\)$")
LIBRARY = re.compile(r".*(?:site-packages|lib/python3\.\d+)/")


def main() -> int:
    """Profile API, worker and producer at once; print tables in Markdown."""
    with tempfile.TemporaryDirectory() as directory:
        report = Report(Path(directory))
        report.progress("hotspots: starting RabbitMQ, MariaDB and faafo")
        with stage.lab() as lab, stage.faafo(lab, SLOTS, render_seconds=0) as stack:
            tasks = default_tasks(TASKS)
            stack.run_all(anew(tasks[:100]))
            meter = cpu.Meter(stack.processes)
            report.progress(f"hotspots: {len(tasks) / stack.run_all(anew(tasks)):.0f}/s")
            spent = {name: 1000 * value / len(tasks) for name, value in meter.lap().items()}
            stacks = _record(Path(directory), stack, tasks)
        for name, samples in stacks.items():
            _write_hotspots(report, name, samples, spent[name])
    return 0


def _record(directory: Path, stack: stage.Stack, tasks: list) -> dict[str, Counter]:
    """Return the number of samples of each call stack, by process."""
    files = {name: directory / name for name in stack.processes}
    spies = [
        subprocess.Popen(
            [PY_SPY, "record", "--gil", "--rate", PER_SECOND, "--duration", "3600"]
            + ["--format", "raw", "--output", files[name], "--pid", str(process.pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name, process in stack.processes.items()
    ]
    try:
        for spy in spies:
            # It says that it samples.
            spy.stdout.readline()
        stack.run_all(anew(tasks))
        for spy in spies:
            spy.send_signal(signal.SIGINT)
            spy.communicate()
    finally:
        for spy in spies:
            spy.kill()
            spy.wait()
    return {name: _read(path) for name, path in files.items()}


def _read(path: Path) -> Counter:
    seen: Counter[tuple[str, ...]] = Counter()
    for line in path.read_text().splitlines():
        calls, _, number = line.rpartition(" ")
        seen[tuple(PLACE.sub(_without_line, call) for call in calls.split(";"))] += int(number)
    return seen


def _without_line(match: re.Match) -> str:
    return f"{match[1]} ({LIBRARY.sub('', match[2])})"


def _write_hotspots(report: Report, name: str, samples: Counter, milliseconds: float) -> None:
    """Write what a process does itself by package, and with all it calls by function."""
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for calls, number in samples.items():
        packages[_package(calls[-1])] += number
        for call in set(calls):
            functions[call] += number
    scale = milliseconds / max(1, samples.total())
    report.section(f"{name}: {milliseconds:.1f} ms a fractal, {samples.total()} samples")
    rows = [(one, number * scale) for one, number in packages.most_common(MOST_PACKAGES)]
    report.table(("package itself", "ms"), rows)
    rows = [(one, number * scale) for one, number in functions.most_common(MOST_FUNCTIONS)]
    report.table(("function and what it calls", "ms"), rows)


def _package(call: str) -> str:
    place = PLACE.sub(r"\2", call).rpartition("(")[2].rstrip(")")
    return place.partition("/")[0]


if __name__ == "__main__":
    sys.exit(main())
