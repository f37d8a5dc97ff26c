"""Measure rendering: the kernel against the plain numba loop, the trap, the PNG encoder."""

import argparse
import io
import random
import time
import zlib
from collections.abc import Callable

import numba
import numpy as np
from PIL import Image

from faafo.fractal import escape, trap
from faafo.fractal.generate import random_task
from faafo.fractal.image import encode, render
from faafo.fractal.task import FractalTask

PICTURES = {
    "exterior only, c = -0.8 + 0.156i": (512, -0.8, 0.156),
    "interior without a cycle, c = 0.25": (512, 0.25, 0.0),
    "period 3, c = -0.123 + 0.745i": (512, -0.123, 0.745),
    "the same, 20 000 iterations": (20_000, -0.123, 0.745),
}
DEFAULT_RANGES = {
    "width": (256, 1024),
    "height": (256, 1024),
    "iterations": (128, 512),
    "xa": (-1.0, -4.0),
    "xb": (1.0, 4.0),
    "ya": (-0.5, -3.0),
    "yb": (0.5, 3.0),
}


@numba.njit(nogil=True)
def plain_loop(counts, xs, ys, iterations, cx, cy):
    """Fill ``counts`` as a programmer would write it down first."""
    for row in range(ys.size):
        for column in range(xs.size):
            zx, zy = xs[column], ys[row]
            count = iterations - 1
            for i in range(iterations):
                if zx * zx + zy * zy > 4.0:
                    count = i
                    break
                zx, zy = zx * zx - zy * zy + cx, 2.0 * zx * zy + cy
            counts[row, column] = count


def best_of(rounds: int, call: Callable[[], object]) -> float:
    """Return the seconds of the fastest of ``rounds`` calls."""
    seconds = []
    for _number in range(rounds):
        started_at = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started_at)
    return min(seconds)


def plain_counts(task: FractalTask) -> np.ndarray:
    xs = np.arange(task.width) * (task.xb - task.xa) / (task.width - 1) + task.xa
    ys = np.arange(task.height) * (task.yb - task.ya) / (task.height - 1) + task.ya
    counts = np.empty((task.height, task.width), np.int32)
    plain_loop(counts, xs, ys, task.iterations, task.cx, task.cy)
    return counts


def without_trap(task: FractalTask) -> np.ndarray:
    found, escape.find_trap = escape.find_trap, lambda *_constant: trap.NO_TRAP
    try:
        return escape.escape_counts(task)
    finally:
        escape.find_trap = found


def picture(iterations: int, cx: float, cy: float) -> FractalTask:
    size = {"uuid": "00000000-0000-4000-8000-000000000001", "width": 600, "height": 400}
    window = {"xa": -1.5, "xb": 1.5, "ya": -1.0, "yb": 1.0}
    return FractalTask(iterations=iterations, cx=cx, cy=cy, **size, **window)


def generated_fractals() -> list[FractalTask]:
    rng = random.Random(1)
    return [random_task(DEFAULT_RANGES, rng) for _number in range(10)]


def measure_kernel(rounds: int) -> None:
    rows = {name: [picture(*values)] for name, values in PICTURES.items()}
    rows["10 generated fractals"] = generated_fractals()
    print(f"{'600 x 400 pixels':38} {'plain loop':>12} {'no trap':>9} {'kernel':>9}")
    for name, tasks in rows.items():
        for task in tasks:
            assert np.array_equal(plain_counts(task), escape.escape_counts(task))
        plain, untrapped, kernel = (
            best_of(rounds, lambda count=count, tasks=tasks: [count(task) for task in tasks])
            for count in (plain_counts, without_trap, escape.escape_counts)
        )
        print(f"{name:38} {plain * 1e3:9.1f} ms {plain / untrapped:7.1f} x {plain / kernel:7.1f} x")


def measure_encoder(rounds: int) -> None:
    images = [render(task) for task in generated_fractals()]

    def encode_all(**options: int) -> int:
        size = 0
        for image in images:
            buffer = io.BytesIO()
            image.save(buffer, "PNG", **options)
            size += buffer.tell()
        return size

    def encode_rgb() -> int:
        size = 0
        for image in images:
            buffer = io.BytesIO()
            Image.merge("RGB", image.convert("RGB").split()).save(buffer, "PNG")
            size += buffer.tell()
        return size

    ours_size = sum(len(encode(image)) for image in images)
    ours = best_of(rounds, lambda: [encode(image) for image in images])
    print(f"\n{'PNG of generated fractals':38} {'time':>12} {'bytes':>9}")
    for name, call in {
        "palette, runs (ours)": lambda: encode_all(compress_type=zlib.Z_RLE),
        "palette, zlib's default": lambda: encode_all(),
        "palette, level 1": lambda: encode_all(compress_level=1),
        "RGB, zlib's default": encode_rgb,
    }.items():
        seconds = best_of(rounds, call)
        print(f"{name:38} {seconds / ours:10.2f} x {call() / ours_size:7.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="take the best of so many (3)")
    rounds = parser.parse_args().rounds
    measure_kernel(rounds)
    measure_encoder(rounds)


if __name__ == "__main__":
    main()
