# SPDX-License-Identifier: Apache-2.0
"""The fractals of the benchmarks: within the default ranges of the producer, and heavier ones."""

import random
import uuid
from collections.abc import Iterable
from itertools import chain

from oslo_config import cfg

from faafo.conf import producer
from faafo.fractal.generate import RANGED, Style, random_task
from faafo.fractal.palette import NAMES
from faafo.fractal.task import FractalTask
from faafo.producer.sets import Maker, Sets


def default_ranges() -> dict[str, tuple[float, float]]:
    """Return the ranges that a producer without configuration draws from."""
    conf = cfg.ConfigOpts()
    producer.register_opts(conf)
    conf([], default_config_files=[])
    return {name: (conf[f"min_{name}"], conf[f"max_{name}"]) for name in RANGED}


def default_tasks(count: int, seed: int = 1) -> list[FractalTask]:
    """Return ``count`` fractals within the default ranges, the same ones for the same seed."""
    rng, ranges = random.Random(seed), default_ranges()
    return [random_task(ranges, rng) for _ in range(count)]


def tasteful_tasks(count: int, seed: int) -> list[FractalTask]:
    """Return ``count`` fractals as the generator makes them by default, one after the other."""
    sets = Sets({}, count, count, NAMES, Style.TASTE)
    return [*chain.from_iterable(Maker(random.Random(seed)).pieces(sets, count))]


def heavy_tasks(count: int) -> list[FractalTask]:
    """Return ``count`` fractals that no kernel can cut short: c = 1/4 has no attracting cycle."""
    window = {"xa": -0.9, "xb": 0.9, "ya": -0.9, "yb": 0.9, "cx": 0.25, "cy": 0.0}
    size = {"width": 1000, "height": 1000, "iterations": 5000}
    return [FractalTask(uuid=str(uuid.uuid4()), **size, **window) for _ in range(count)]


def anew(tasks: Iterable[FractalTask]) -> list[FractalTask]:
    """Return the same pictures under new names, so that they can be posted again."""
    return [task.model_copy(update={"uuid": str(uuid.uuid4())}) for task in tasks]
