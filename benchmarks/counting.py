# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.counting MARCH``: the CPU seconds that faafo and its peers take to count.

The C peers are compiled for the processors MARCH. ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` say
for which one numba compiles; numba reads them once, when it is imported. So each processor is
measured in a process of its own, which prints its measurements in JSON.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers import counts
from benchmarks.peers.counts import Peer
from benchmarks.pictures import default_ranges
from faafo.fractal.generate import random_task
from faafo.fractal.task import FractalTask
from faafo.render.escape import escape_counts, warm_up

UUID = "00000000-0000-4000-8000-000000000001"
WINDOW = {"uuid": UUID, "xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1}
# So close that a third of the pixels and more belong to the interior.
CLOSE = {"uuid": UUID, "xa": -1.0, "xb": 1.0, "ya": -0.7, "yb": 0.7}
OURS = "faafo"
PLAIN_NUMBA = "numba, plain loop"
PLAIN_PYTHON = "plain Python"
DEFAULT_PICTURES = 12
ROUNDS = 9
# Pictures of a millisecond or less: a short disturbance is a large part of one.
SHORT_ROUNDS = 45

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


@dataclass(frozen=True)
class Row:
    """The median CPU ``seconds`` of each peer for a picture; ``interior`` is a share of pixels."""

    name: str
    interior: float
    seconds: dict[str, float]


def main() -> None:
    """Print the measurements of all sets of pictures."""
    (march,) = sys.argv[1:]
    warm_up()
    counts.in_numba(TYPICAL)
    with tempfile.TemporaryDirectory() as directory:
        in_c = counts.compiled_in_c(Path(directory), march)
    slow = {PLAIN_PYTHON: counts.in_python, "NumPy": counts.in_numpy}
    measured = {name: _measured(name, measure(in_c)) for name, measure in SETS.items()}
    if march == "native":
        # The last peers are those with the widest vectors. The others take many seconds.
        fastest = dict(list(in_c.items())[-2:])
        measured["many"] = _measured("many", _constants(fastest, INTERIOR, 20_000, 3))
        measured["slow"] = _measured("slow", [_row("", TYPICAL, slow, 3)])
    json.dump(measured, sys.stdout)


def _default(in_c: Mapping[str, Peer]) -> list[Row]:
    rng, ranges = random.Random(1), default_ranges()
    tasks = [random_task(ranges, rng) for _ in range(DEFAULT_PICTURES)]
    names = [f"{t.width} × {t.height}, {t.iterations} iterations" for t in tasks]
    return [_row(name, task, in_c, ROUNDS) for name, task in zip(names, tasks, strict=True)]


def _constants(
    in_c: Mapping[str, Peer], constants: Mapping, iterations: int, rounds: int
) -> list[Row]:
    size = {"width": 640, "height": 440, "iterations": iterations}
    window = CLOSE if constants is INTERIOR else WINDOW
    return [
        _row(name, FractalTask(cx=cx, cy=cy, **size, **window), in_c, rounds)
        for name, (cx, cy) in constants.items()
    ]


SETS: dict[str, Callable[[Mapping[str, Peer]], list[Row]]] = {
    "default": _default,
    "exterior": lambda in_c: _constants(in_c, EXTERIOR, 512, SHORT_ROUNDS),
    "interior": lambda in_c: _constants(in_c, INTERIOR, 512, ROUNDS),
    "typical": lambda in_c: [_row("", TYPICAL, {PLAIN_NUMBA: counts.in_numba, **in_c}, ROUNDS)],
}


def _measured(name: str, rows: Sequence[Row]) -> list[dict]:
    print(f"kernel: {name}", file=sys.stderr, flush=True)
    return [asdict(row) for row in rows]


def _row(name: str, task: FractalTask, peers: Mapping[str, Peer], rounds: int) -> Row:
    """Measure the CPU seconds of the peers in turn; compare their counts with ours."""
    ours = escape_counts(task)
    seconds: dict[str, list[float]] = {name: [] for name in (OURS, *peers)}
    for _ in range(rounds):
        for peer, count in {OURS: escape_counts, **peers}.items():
            started_at = time.thread_time()
            counted = count(task)
            seconds[peer].append(time.thread_time() - started_at)
            assert np.array_equal(counted, ours), f"{peer} counts otherwise: {task}"
    medians = {peer: statistics.median(taken) for peer, taken in seconds.items()}
    return Row(name, float(np.mean(ours == task.iterations - 1)), medians)


if __name__ == "__main__":
    main()
