# SPDX-License-Identifier: Apache-2.0
"""The kernel against plain Python, NumPy, numba and C, one thread, on the same pictures."""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.counting import OURS, PLAIN_NUMBA, PLAIN_PYTHON, Row
from benchmarks.peers.counts import COMPILE
from benchmarks.report import Report

Measured = dict[str, list[Row]]


@dataclass(frozen=True)
class Vectors:
    """A set of vector instructions, and how a processor with a wider one is held down to it.

    The bars are times of faafo, divided by those of the best C peer with the same instructions.
    ``over_numba`` is the least number of times that faafo is as fast as the plain loop.
    """

    name: str
    march: str
    cpu_name: str
    features: str
    default: float
    exterior: float
    interior: float
    over_numba: float


# What the kernel asks for; with NUMBA_CPU_NAME alone numba keeps the features of this processor.
HASWELL = "+avx2,+popcnt,+bmi,+bmi2,+lzcnt"
# From the widest to the narrowest.
X86 = (
    Vectors("AVX-512", "x86-64-v4", "x86-64-v4", "", 1.0, 1.15, 0.2, 5.0),
    Vectors("AVX2", "haswell", "haswell", HASWELL, 0.9, 1.0, 0.2, 5.0),
    Vectors("SSE2", "x86-64", "generic", "", 1.0, 1.1, 0.2, 2.0),
)
NEON = Vectors("NEON", "native", "generic", "", 1.0, 1.1, 0.2, 2.0)
TITLES = {
    "default": "Pictures of the default producer",
    "exterior": "Pictures without interior, 512 iterations",
    "interior": "Pictures with interior, 512 iterations",
    "many": "Pictures with interior, 20 000 iterations",
}


def run(report: Report) -> None:
    """Escape counts."""
    measured = _measure(report, "native")
    own = _vectors(measured)
    report.section(
        "The kernel",
        "One thread. Each peer counts the same picture in turn, and their counts are compared. "
        "Shown is the median CPU time of several rounds, divided by that of faafo: 2 means that "
        "faafo is twice as fast. C is compiled here with "
        f"`{' '.join(COMPILE[1:3])} -march=native`.",
    )
    _write(report, own, measured)
    _write_long_ones(report, measured)
    for held in X86[X86.index(own) + 1 :] if own in X86 else ():
        report.section(
            f"The kernel, held down to {held.name}",
            f"The same machine. C is compiled with `-march={held.march}`, and the kernel with "
            f"`NUMBA_CPU_NAME={held.cpu_name} NUMBA_CPU_FEATURES={held.features}`.",
        )
        _write(report, held, _measure(report, held.march, held.cpu_name, held.features))


def _measure(report: Report, march: str, cpu_name: str = "", features: str = "") -> Measured:
    """Measure in a process of its own; ``cpu_name`` and ``features`` are for numba."""
    report.progress(f"kernel: C for {march}, numba for {cpu_name or 'this processor'}")
    held = {"NUMBA_CPU_NAME": cpu_name, "NUMBA_CPU_FEATURES": features} if cpu_name else {}
    command = [sys.executable, "-m", "benchmarks.counting", march]
    done = subprocess.run(command, env=os.environ | held, stdout=subprocess.PIPE, check=True)
    return {name: [Row(**row) for row in rows] for name, rows in json.loads(done.stdout).items()}


def _vectors(measured: Measured) -> Vectors:
    """Return the vector instructions of the peers that were measured."""
    peers = " ".join(measured["exterior"][0].seconds)
    return next((known for known in X86 if f"C, {known.name}," in peers), NEON)


def _write(report: Report, vectors: Vectors, measured: Measured) -> None:
    for name in ("default", "exterior", "interior"):
        _table(report, name, measured[name])
    prefix = f"{vectors.name}: "
    default = statistics.geometric_mean(_against_the_best_c(measured["default"]))
    report.at_most(
        f"{prefix}default pictures: time against the best C, geometric mean",
        vectors.default,
        default,
    )
    for row, time in zip(
        measured["exterior"], _against_the_best_c(measured["exterior"]), strict=True
    ):
        report.at_most(f"{prefix}{row.name}: time against the best C", vectors.exterior, time)
    report.at_most(
        f"{prefix}interior, 512 iterations: time against the best C, worst",
        vectors.interior,
        max(_against_the_best_c(measured["interior"])),
    )
    _typical_picture(report, vectors, measured)


def _write_long_ones(report: Report, measured: Measured) -> None:
    _table(report, "many", measured["many"])
    report.at_most(
        "interior, 20 000 iterations: time against the best C, worst",
        0.01,
        max(_against_the_best_c(measured["many"])),
    )


def _against_the_best_c(rows: list[Row]) -> list[float]:
    """Return for each picture our time, divided by that of the fastest C peer."""
    return [
        row.seconds[OURS] / min(value for peer, value in row.seconds.items() if peer[:2] == "C,")
        for row in rows
    ]


def _times(row: Row) -> dict[str, float]:
    """Return how many times as long as faafo each peer takes."""
    return {
        peer: seconds / row.seconds[OURS] for peer, seconds in row.seconds.items() if peer != OURS
    }


def _table(report: Report, name: str, rows: list[Row]) -> None:
    report.text(f"**{TITLES[name]}**")
    peers = list(_times(rows[0]))
    report.table(
        ["", "interior", *peers],
        [[row.name, f"{row.interior:.0%}", *_times(row).values()] for row in rows],
    )


def _typical_picture(report: Report, vectors: Vectors, measured: Measured) -> None:
    times = {peer: time for row in measured["typical"] for peer, time in _times(row).items()}
    slow = {peer: time for row in measured.get("slow", ()) for peer, time in _times(row).items()}
    report.text("**The typical picture, 728 × 876, 395 iterations**")
    report.table(["", "times the time of faafo"], (slow | times).items())
    report.at_least(
        f"{vectors.name}: typical picture: times plain numba",
        vectors.over_numba,
        times[PLAIN_NUMBA],
    )
    if slow:
        report.at_least("typical picture: times plain Python", 150.0, slow[PLAIN_PYTHON])
        shown = {OURS: 1.0, **{peer: time for peer, time in times.items() if time < 50}}
        report.bars("kernel", "Typical picture: times the time of faafo", shown, "less is faster")
