# SPDX-License-Identifier: Apache-2.0
"""The kernel against plain Python, NumPy, numba and C, one thread, on the same pictures."""

import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers import counts
from benchmarks.peers.counts import Peer
from benchmarks.pictures import default_ranges
from benchmarks.report import Report
from faafo.fractal.generate import random_task
from faafo.fractal.task import FractalTask
from faafo.render.escape import escape_counts, warm_up

UUID = "00000000-0000-4000-8000-000000000001"
WINDOW = {"uuid": UUID, "xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1}
# So close that a third of the pixels and more belong to the interior.
CLOSE = {"uuid": UUID, "xa": -1.0, "xb": 1.0, "ya": -0.7, "yb": 0.7}
OURS = "faafo"
DEFAULT_PICTURES = 12
ROUNDS = 9

# Each with an escape time of its own, and none of them with a cycle that attracts.
EXTERIOR = {
    "c = -0.8 + 0.156i": (-0.8, 0.156),
    "c = -0.4 + 0.6i": (-0.4, 0.6),
    "c = 0.285 + 0.01i": (0.285, 0.01),
    "c = -0.75 + 0.2i": (-0.75, 0.2),
    "c = i": (0.0, 1.0),
}
INTERIOR = {
    "period 1, c = -0.2 + 0.3i": (-0.2, 0.3),
    "period 2, c = -1 + 0.1i": (-1.0, 0.1),
    "period 3, c = -0.123 + 0.745i": (-0.123, 0.745),
    "period 5, c = -0.5 + 0.56i": (-0.5, 0.56),
    "period 7, c = 0.121 + 0.6105i": (0.121, 0.6105),
}
TYPICAL = FractalTask(width=728, height=876, iterations=395, cx=-0.70176, cy=-0.3842, **WINDOW)


def run(report: Report) -> None:
    """Escape counts."""
    warm_up()
    with tempfile.TemporaryDirectory() as directory:
        in_c = counts.compiled_in_c(Path(directory))
    report.section(
        "The kernel",
        "One thread. Each peer counts the same picture in turn, and their counts are compared. "
        "Shown is the median of several rounds, divided by that of faafo: 2 means that faafo is "
        "twice as fast. C is compiled here with `" + " ".join(counts.COMPILE[1:4]) + "`.",
    )
    _default_pictures(report, in_c)
    _pictures(report, in_c, "without interior", EXTERIOR, 512)
    few = _pictures(report, in_c, "with interior", INTERIOR, 512)
    many = _pictures(report, _fastest_two(in_c), "with interior", INTERIOR, 20_000)
    report.at_least("interior, 512 iterations: times the best C, least", 5.0, min(few))
    report.at_least("interior, 20 000 iterations: times the best C, least", 100.0, min(many))
    _typical_picture(report, in_c)


def _default_pictures(report: Report, in_c: Mapping[str, Peer]) -> None:
    rng, ranges = random.Random(1), default_ranges()
    tasks = [random_task(ranges, rng) for _ in range(DEFAULT_PICTURES)]
    names = [f"{t.width} × {t.height}, {t.iterations} iterations" for t in tasks]
    ratios = _compare(report, in_c, "pictures of the default producer", names, tasks)
    mean = statistics.geometric_mean(ratios)
    report.at_most("default pictures: time against the best C, geometric mean", 1.0, 1 / mean)


def _pictures(
    report: Report, in_c: Mapping[str, Peer], kind: str, constants: Mapping, iterations: int
) -> list[float]:
    size = {"width": 640, "height": 440, "iterations": iterations}
    window = CLOSE if constants is INTERIOR else WINDOW
    tasks = [FractalTask(cx=cx, cy=cy, **size, **window) for cx, cy in constants.values()]
    title = f"pictures {kind}, {iterations} iterations"
    ratios = _compare(report, in_c, title, list(constants), tasks)
    if constants is EXTERIOR:
        report.at_most("without interior: time against the best C, worst", 1.15, 1 / min(ratios))
    return ratios


def _compare(
    report: Report,
    in_c: Mapping[str, Peer],
    title: str,
    names: Sequence[str],
    tasks: Sequence[FractalTask],
) -> list[float]:
    """Write a table of ``tasks``; return for each how many times the best C takes our time."""
    report.text(f"**{title.capitalize()}**")
    peers = {OURS: escape_counts, **in_c}
    rows, ratios = [], []
    for name, task in zip(names, tasks, strict=True):
        report.progress(f"kernel: {title}: {name}")
        seconds = _median_seconds(peers, task, ROUNDS if task.iterations < 1000 else 3)
        times = {peer: seconds[peer] / seconds[OURS] for peer in in_c}
        ratios.append(min(times.values()))
        share = float(np.mean(escape_counts(task) == task.iterations - 1))
        rows.append([name, f"{share:.0%}", *times.values()])
    report.table(["", "interior", *in_c], rows)
    return ratios


def _fastest_two(in_c: Mapping[str, Peer]) -> dict[str, Peer]:
    """Return the peers that have a chance where each of them takes seconds."""
    return dict(list(in_c.items())[-2:])


def _median_seconds(peers: Mapping[str, Peer], task: FractalTask, rounds: int) -> dict[str, float]:
    """Return the median seconds of each peer, which take turns."""
    ours = escape_counts(task)
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, peer in peers.items():
            started_at = time.perf_counter()
            counted = peer(task)
            seconds[name].append(time.perf_counter() - started_at)
            assert np.array_equal(counted, ours), f"{name} counts otherwise: {task}"
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _typical_picture(report: Report, in_c: Mapping[str, Peer]) -> None:
    report.progress("kernel: the typical picture, plain Python among them")
    slow = {"plain Python": counts.in_python, "NumPy": counts.in_numpy}
    counts.in_numba(TYPICAL)
    seconds = _median_seconds({OURS: escape_counts, **slow}, TYPICAL, 3)
    fast = {OURS: escape_counts, "numba, plain loop": counts.in_numba, **in_c}
    fast_seconds = _median_seconds(fast, TYPICAL, ROUNDS)
    times = {name: seconds[name] / seconds[OURS] for name in slow}
    times |= {name: fast_seconds[name] / fast_seconds[OURS] for name in fast if name != OURS}
    report.text("**The typical picture, 728 × 876, 395 iterations**")
    report.table(["", "times the time of faafo"], times.items())
    report.at_least("typical picture: times plain Python", 150.0, times["plain Python"])
    shown = {OURS: 1.0, **{name: value for name, value in times.items() if value < 50}}
    report.bars("kernel", "Typical picture: times the time of faafo", shown, "less is faster")
