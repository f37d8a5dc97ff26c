# SPDX-License-Identifier: Apache-2.0
"""The report: sentences, tables and plots in Markdown, and the bars that must be reached.

Each benchmark is a module with a function ``run(report: Report) -> None`` whose docstring's first
sentence is its title. It is listed in ``benchmarks.__main__.MODULES`` and tells the report

``report.section(title, text)``
    what comes now, and how it is measured;
``report.progress(sentence)``
    what it is doing, on the standard error, as often as it likes;
``report.table(columns, rows)``
    a table; numbers are shown with three significant digits, text as it is;
``report.at_least(what, bar, reached, unit)`` and ``report.at_most(...)``
    a bar and what was reached; they make the table of bars at the top of ``report.md``;
``report.bars(name, title, values, unit)`` and ``report.plot(name, title)``
    a plot, as ``<name>.png`` beside ``report.md``.

Everything is printed as it comes; ``save`` writes the whole.
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
class Bar:
    """What must be reached, and what was."""

    what: str
    bar: str
    reached: str
    ok: bool


class Report:
    """Collects what benchmarks have to say in ``directory``, and prints it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lines: list[str] = []
        self._begun_at = time.monotonic()
        self._neighbours = cpu.Neighbours()
        self.met: list[Bar] = []
        # Bars that come one after the other are told in one table.
        self._untold: list[Bar] = []
        directory.mkdir(parents=True, exist_ok=True)

    def progress(self, sentence: str) -> None:
        """Tell what is being done."""
        seconds = time.monotonic() - self._begun_at
        print(f"[{seconds:4.0f} s] {sentence}", file=sys.stderr, flush=True)

    def section(self, title: str, text: str = "") -> None:
        """Begin a section."""
        self._write(f"## {title}", *filter(None, [text]))

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._write(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table; the first column is text, the others are set to the right."""
        self._write(_table(columns, rows))

    def at_most(self, what: str, bar: float, reached: float, unit: str = "") -> None:
        """Tell a bar that must not be passed, and what was reached."""
        self._meet(Bar(what, f"≤ {_with(bar, unit)}", _with(reached, unit), reached <= bar))

    def at_least(self, what: str, bar: float, reached: float, unit: str = "") -> None:
        """Tell a bar that must be reached, and what was."""
        self._meet(Bar(what, f"≥ {_with(bar, unit)}", _with(reached, unit), reached >= bar))

    def bars(self, name: str, title: str, values: Mapping[str, float], unit: str) -> None:
        """Draw one horizontal bar a value; the first one is ours."""
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
        """Give the axes of a plot in the common style; it is saved at the end of the block."""
        with matplotlib.rc_context(STYLE):
            figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
            axes = figure.add_subplot()
            axes.set_title(title)
            yield axes
            figure.savefig(self._directory / f"{name}.png")
        self._write(f"![{title}]({name}.png)")

    def save(self) -> Path:
        """Write ``report.md``, the bars first; return its path."""
        self._tell_bars()
        path = self._directory / "report.md"
        parts = ["# Benchmarks", machine(), self.neighbours(), self.summary(), *self._lines]
        path.write_text("\n\n".join(filter(None, parts)) + "\n")
        return path

    def summary(self) -> str:
        """Return the table of all bars."""
        self._tell_bars()
        return _bars(self.met) if self.met else ""

    def neighbours(self) -> str:
        """Return a sentence about who else was busy: only a quiet machine gives good figures."""
        share = 100 * self._neighbours.share()
        return f"Meanwhile others used {share:.0f} % of this machine's CPU time."

    def _meet(self, bar: Bar) -> None:
        self.met.append(bar)
        self._untold.append(bar)

    def _tell_bars(self) -> None:
        told, self._untold = self._untold, []
        if told:
            self._write(_bars(told))

    def _write(self, *paragraphs: str) -> None:
        self._tell_bars()
        self._lines += paragraphs
        for paragraph in paragraphs:
            print(f"{paragraph}\n", flush=True)


def shown(value: Any) -> str:
    """Return a number with three significant digits, and anything else as text."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return a sentence about where this ran."""
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


def _bars(bars: Iterable[Bar]) -> str:
    rows = [(bar.what, bar.bar, bar.reached, "yes" if bar.ok else "**no**") for bar in bars]
    return _table(("what", "bar", "reached", "ok"), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[shown(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
