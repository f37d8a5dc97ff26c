# SPDX-License-Identifier: Apache-2.0
"""The picture: what encoding costs and saves, and how much memory a large one takes."""

import io
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence

from PIL import Image

from benchmarks.pictures import default_tasks
from benchmarks.report import Report
from faafo.render.image import encode, render

PICTURES = 12
ROUNDS = 5
OURS = "palette, runs (faafo)"
IN_RGB = "RGB, zlib's default"
ENCODINGS: dict[str, dict[str, int]] = {
    "palette, zlib's default": {},
    "palette, level 1": {"compress_level": 1},
    "palette, level 3": {"compress_level": 3},
    "palette, level 9": {"compress_level": 9},
    "palette, Huffman codes only": {"compress_type": zlib.Z_HUFFMAN_ONLY},
    "palette, not compressed": {"compress_level": 0},
}

LARGE_SIDE = 16_384
BYTES_A_PIXEL = 1.3
OVERHEAD_MB = 250
MB = 2**20
# Run in a process of its own, whose peak memory is measured.
LARGE_RENDER = """
import resource, sys
from faafo.render import image
from faafo.render import escape
from faafo.fractal.task import FractalTask
side = int(sys.argv[1])
task = FractalTask(uuid="00000000-0000-4000-8000-000000000001", width=side, height=side,
                   iterations=256, xa=-1.6, xb=1.6, ya=-1.6, yb=1.6, cx=-0.8, cy=0.156)
rows = set()
png = image.encode(image.render(task, progress=rows.add))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(png) / side**2, len(rows))
"""


def run(report: Report) -> None:
    """Pictures."""
    _encodings(report)
    _large_picture(report)


def _encodings(report: Report) -> None:
    report.section(
        "The picture",
        "The same PNG in other ways: an indexed image has one byte a pixel before it is "
        "compressed, and zlib may look for runs only. Median time of several rounds, and bytes, "
        "as multiples of faafo's.",
    )
    images = [render(task) for task in default_tasks(PICTURES)]
    ways: dict[str, Callable[[Image.Image], bytes]] = {OURS: encode}
    for name, options in ENCODINGS.items():
        ways[name] = _saver(options)
    colours = {IN_RGB: [image.convert("RGB") for image in images]}
    ways[IN_RGB] = _saver({})
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    sizes: dict[str, int] = {}
    for number in range(ROUNDS):
        report.progress(f"pictures: encoding, round {number + 1} of {ROUNDS}")
        for name, save in ways.items():
            pictures: Sequence[Image.Image] = colours.get(name, images)
            started_at = time.perf_counter()
            sizes[name] = sum(len(save(picture)) for picture in pictures)
            seconds[name].append(time.perf_counter() - started_at)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    rows = [(name, medians[name] / medians[OURS], sizes[name] / sizes[OURS]) for name in ways]
    report.table(["", "time", "bytes"], rows)
    with report.plot("encoding", "Encoding: time and bytes, faafo = 1") as axes:
        for name, time_ratio, size_ratio in rows:
            axes.plot(size_ratio, time_ratio, "o", label=name)
        axes.set_xlabel("bytes")
        axes.set_ylabel("time")
        axes.set_xscale("log")
        axes.legend(fontsize=7)


def _saver(options: dict[str, int]) -> Callable[[Image.Image], bytes]:
    def save(picture: Image.Image) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", **options)
        return buffer.getvalue()

    return save


def _large_picture(report: Report) -> None:
    report.progress(f"pictures: {LARGE_SIDE} × {LARGE_SIDE} pixels")
    done = subprocess.run(
        [sys.executable, "-c", LARGE_RENDER, str(LARGE_SIDE)],
        capture_output=True,
        text=True,
        check=True,
    )
    memory, bytes_a_pixel, reports = (float(number) for number in done.stdout.split())
    report.text(
        f"A picture of {LARGE_SIDE} × {LARGE_SIDE} pixels, in a process of its own. Its PNG has "
        f"{bytes_a_pixel:.2f} bytes a pixel; progress was reported {reports:.0f} times."
    )
    allowed = BYTES_A_PIXEL * LARGE_SIDE**2 / MB + OVERHEAD_MB
    what = f"memory for {LARGE_SIDE}² pixels: 1.3 B a pixel + 250 MB"
    report.at_most(what, allowed, memory, "MB")
