# SPDX-License-Identifier: Apache-2.0
"""The report: sentences, tables and plots in Markdown, and the thresholds that must be met.

Each benchmark is a module with a function ``run(report: Report) -> None`` whose docstring's first
sentence is its title. It is listed in ``benchmarks.__main__.MODULES`` and calls

``report.section(title, text)``
    to begin a section: its title, and how it is measured;
``report.progress(sentence)``
    to print the current step on the standard error, at any time;
``report.table(columns, rows)``
    to write a table; numbers are shown with three significant digits;
``report.at_least(what, threshold, measured, unit)`` and ``report.at_most(...)``
    to compare a measured value with a threshold, in the table at the top of ``report.md`` as well;
``report.bars(name, title, values, unit)`` and ``report.plot(name, title)``
    to draw a plot, ``<name>.png`` beside ``report.md``.

Each part is printed at once; ``save`` writes the report.
"""

import contextlib
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import cpu

OURS, THEIRS = "#1f6f8b", "#b8c4c9"
COLOURS = (OURS, "#e0a458", "#7a9e7e", "#a26769", "#6d6875", "#b8c4c9")
STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#8a9499",
    "axes.grid": True,
    "axes.labelcolor": "#3b4448",
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.dpi": 130,
    "font.size": 9,
    "grid.color": "#e6eaec",
    "legend.frameon": False,
    "text.color": "#3b4448",
    "xtick.color": "#3b4448",
    "ytick.color": "#3b4448",
}
WIDTH_INCHES = 7.0


@dataclass(frozen=True)
class Threshold:
    """A threshold, the measured value, and whether that meets it."""

    what: str
    threshold: str
    measured: str
    ok: bool


class Report:
    """Collects and prints the output of the benchmarks; ``save`` writes it to ``directory``.

    :param before: the revision that is the release before, empty for the newest tag.
    """

    def __init__(self, directory: Path, before: str = "") -> None:
        self.before = before
        self._directory = directory
        self._lines: list[str] = []
        self._begun_at = time.monotonic()
        self._neighbours = cpu.Neighbours()
        self.thresholds: list[Threshold] = []
        # Successive thresholds are written as one table.
        self._unwritten: list[Threshold] = []
        directory.mkdir(parents=True, exist_ok=True)

    def progress(self, sentence: str) -> None:
        """Print the current step on the standard error."""
        seconds = time.monotonic() - self._begun_at
        print(f"[{seconds:4.0f} s] {sentence}", file=sys.stderr, flush=True)

    def section(self, title: str, text: str = "") -> None:
        """Begin a section."""
        self._write(f"## {title}", *filter(None, [text]))

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._write(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table; the first column is text, the others are aligned to the right."""
        self._write(_table(columns, rows))

    def at_most(self, what: str, threshold: float, measured: float, unit: str = "") -> None:
        """Write the largest value allowed and the measured one."""
        self._compare(
            what, f"≤ {_with(threshold, unit)}", _with(measured, unit), measured <= threshold
        )

    def at_least(self, what: str, threshold: float, measured: float, unit: str = "") -> None:
        """Write the smallest value allowed and the measured one."""
        self._compare(
            what, f"≥ {_with(threshold, unit)}", _with(measured, unit), measured >= threshold
        )

    def bars(self, name: str, title: str, values: Mapping[str, float], unit: str) -> None:
        """Draw a horizontal bar for each value; the first value is that of faafo."""
        with self.plot(name, title, height=0.7 + 0.38 * len(values)) as axes:
            colours = [OURS, *[THEIRS] * (len(values) - 1)]
            drawn = axes.barh(list(values), list(values.values()), color=colours, height=0.6)
            axes.bar_label(drawn, [shown(value) for value in values.values()], padding=4)
            axes.invert_yaxis()
            axes.margins(x=0.12)
            axes.grid(axis="y", visible=False)
            axes.set_xlabel(unit)

    @contextlib.contextmanager
    def plot(self, name: str, title: str, height: float = 3.2) -> Iterator[Axes]:
        """Yield the axes of a plot in the common style; it is saved at the end of the block."""
        with matplotlib.rc_context(STYLE):
            figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
            axes = figure.add_subplot()
            axes.set_title(title)
            yield axes
            figure.savefig(self._directory / f"{name}.png")
        self._write(f"![{title}]({name}.png)")

    def save(self) -> Path:
        """Write ``report.md``, the thresholds first; return its path."""
        self._write_thresholds()
        path = self._directory / "report.md"
        parts = ["# Benchmarks", machine(), self.neighbours(), self.summary(), *self._lines]
        path.write_text("\n\n".join(filter(None, parts)) + "\n")
        return path

    def summary(self) -> str:
        """Return the table of all thresholds."""
        self._write_thresholds()
        return _thresholds(self.thresholds) if self.thresholds else ""

    def neighbours(self) -> str:
        """Return a sentence with the CPU share of other processes, which disturb measurements."""
        share = 100 * self._neighbours.share()
        return f"Other processes used {share:.0f} % of the CPU time of the machine."

    def _compare(self, *fields: Any) -> None:
        threshold = Threshold(*fields)
        self.thresholds.append(threshold)
        self._unwritten.append(threshold)

    def _write_thresholds(self) -> None:
        thresholds, self._unwritten = self._unwritten, []
        if thresholds:
            self._write(_thresholds(thresholds))

    def _write(self, *paragraphs: str) -> None:
        self._write_thresholds()
        self._lines += paragraphs
        for paragraph in paragraphs:
            print(f"{paragraph}\n", flush=True)


def shown(value: Any) -> str:
    """Return a number with three significant digits, and anything else as text."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return the processor, the number of cores, and the versions of Linux and Python."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
        else:
            model = platform.machine()
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}"


def _with(value: float, unit: str) -> str:
    text = shown(float(value))
    return f"{text} {unit}" if unit else text


def _thresholds(thresholds: Iterable[Threshold]) -> str:
    rows = [
        (one.what, one.threshold, one.measured, "yes" if one.ok else "**no**") for one in thresholds
    ]
    return _table(("what", "threshold", "measured", "ok"), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[shown(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
