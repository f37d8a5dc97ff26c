# SPDX-License-Identifier: Apache-2.0
"""Smooth colours and several points a pixel: time, quality, and what PNG files of 24 bits cost."""

import io
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers.drawn import Drawer, compiled_in_c
from benchmarks.report import Report
from faafo.fractal.drawing import Formula
from faafo.fractal.generate import KNOWN_GOOD_CONSTANTS
from faafo.fractal.task import FractalTask
from faafo.render.image import encode, render
from tests.fine_picture import SEAHORSE, distance, fine_picture

ROUNDS = 9
CONSTANTS = KNOWN_GOOD_CONSTANTS[Formula.Z2]
SIZE = {"width": 1280, "height": 720, "iterations": 395}
WINDOW = {"xa": -1.6, "xb": 1.6, "ya": -0.9, "yb": 0.9}
SMOOTH = {"colouring": "smooth", "samples": 2, "palette": "lagoon"}
OURS = "differences from above, runs (faafo)"
UP, SUB, PLAIN = 2, 1, 0
# The filter of all rows, zlib's level and its strategy.
ENCODINGS = {
    "differences from the left, runs": (SUB, 1, zlib.Z_RLE),
    "differences from above, Huffman codes only": (UP, 1, zlib.Z_HUFFMAN_ONLY),
    "differences from above, level 1": (UP, 1, zlib.Z_DEFAULT_STRATEGY),
    "no filter, level 1": (PLAIN, 1, zlib.Z_DEFAULT_STRATEGY),
    "no filter, level 6": (PLAIN, 6, zlib.Z_DEFAULT_STRATEGY),
}


def run(report: Report) -> None:
    """Smooth colours."""
    _time(report)
    _quality(report)
    _encodings(report)


def _tasks() -> list[FractalTask]:
    """Return pictures with bands and one point a pixel, in the original colours, the fastest."""
    return [
        FractalTask(uuid=f"00000000-0000-4000-8000-{n:012}", cx=cx, cy=cy, **SIZE, **WINDOW)
        for n, (cx, cy) in enumerate(CONSTANTS)
    ]


def _time(report: Report) -> None:
    report.section(
        "Smooth colours",
        "Pictures of 1280 × 720 pixels with smooth colours and 2 × 2 points a pixel, counts, "
        "colours and PNG: against bands with one point, and against C as one would write it down, "
        "with the same PNG. Median of the ratios of several rounds, one thread, CPU time.",
    )
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        in_c = compiled_in_c(Path(directory))
        for number, bands in enumerate(_tasks()):
            report.progress(f"smooth: picture {number + 1} of {len(CONSTANTS)}")
            rows.append((f"c = {bands.cx} {bands.cy:+}i", *_ratios(bands, in_c)))
    report.table(["", "bands, 1 point = 1", "C = 1"], rows)
    against_bands, against_c = (statistics.geometric_mean(row[k] for row in rows) for k in (1, 2))
    report.at_most("smooth, 2 × 2 points: time against bands, geometric mean", 6.0, against_bands)
    report.at_most("smooth, 2 × 2 points: time against C, geometric mean", 1.0, against_c)


def _ratios(bands: FractalTask, in_c: Drawer) -> tuple[float, float]:
    smooth = bands.model_copy(update=SMOOTH)
    apart = np.abs(np.asarray(render(smooth)).astype(int) - in_c(smooth))
    # Mixed colours are rounded in other places.
    assert apart.max() <= 1, f"C draws otherwise: {smooth}"
    against_bands, against_c = [], []
    for _ in range(ROUNDS):
        ours = _seconds(lambda: encode(render(smooth)))
        against_bands.append(ours / _seconds(lambda: encode(render(bands))))
        against_c.append(ours / _seconds(lambda: encode(Image.fromarray(in_c(smooth)))))
    return statistics.median(against_bands), statistics.median(against_c)


def _seconds(work: Callable[[], object]) -> float:
    started_at = time.thread_time()
    work()
    return time.thread_time() - started_at


def _quality(report: Report) -> None:
    report.progress("smooth: quality")
    report.text(
        "**A window with fine spirals, 480 × 270, palette lagoon**: the root of the mean square of "
        "the difference from the picture with 8 × 8 points a pixel, of 255."
    )
    rows: list[Sequence] = []
    for colouring in ("bands", "smooth"):
        task = FractalTask(**SEAHORSE, colouring=colouring)
        fine = fine_picture(task)
        rows.append(
            [colouring]
            + [distance(task.model_copy(update={"samples": s}), fine) for s in (1, 2, 3, 4)]
        )
    report.table(["", "1 × 1", "2 × 2", "3 × 3", "4 × 4"], rows)
    report.at_most("3 × 3 points against 8 × 8: RMSE of 255", 16.0, max(row[3] for row in rows))


def _encodings(report: Report) -> None:
    report.text(
        "**PNG files of 24 bits.** The same pictures in other ways: time and bytes, as multiples "
        "of faafo's."
    )
    palettes = ("lagoon", "ember", "tides", "spectrum", "grey", "original")
    images = [
        render(task.model_copy(update=SMOOTH | {"palette": palette}))
        for task, palette in zip(_tasks(), palettes, strict=True)
    ]
    ways: dict[str, Callable[[Image.Image], bytes]] = {OURS: encode}
    ways |= {name: _encoder(*settings) for name, settings in ENCODINGS.items()}
    ways["Pillow's default"] = _by_pillow
    seconds = dict.fromkeys(ways, 0.0)
    sizes = dict.fromkeys(ways, 0)
    for image in images:
        for name, way in ways.items():
            seconds[name] += min(_seconds(lambda: way(image)) for _ in range(3))  # noqa: B023
            sizes[name] += len(way(image))
    rows = [(name, seconds[name] / seconds[OURS], sizes[name] / sizes[OURS]) for name in ways]
    report.table(["", "time", "bytes"], rows)


def _encoder(row_filter: int, level: int, strategy: int) -> Callable[[Image.Image], bytes]:
    def compress(image: Image.Image) -> bytes:
        width = 3 * image.width
        rows = np.asarray(image).reshape(image.height, width)
        filtered = np.empty((image.height, 1 + width), np.uint8)
        filtered[:, 0], filtered[:, 1:] = row_filter, rows
        if row_filter == UP:
            filtered[1:, 1:] -= rows[:-1]
        elif row_filter == SUB:
            filtered[:, 4:] -= rows[:, :-3]
        compressor = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
        return compressor.compress(filtered.data) + compressor.flush()

    return compress


def _by_pillow(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
