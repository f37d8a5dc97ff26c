# SPDX-License-Identifier: Apache-2.0
"""What the generator is to generate: sets of fractals in a style."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from faafo.fractal.generate import RANGED, RANGES, Style, random_task
from faafo.fractal.palette import DEFAULT, NAMES
from faafo.fractal.task import FractalTask
from faafo.fractal.taste import Deck, tasteful_task

PALETTES = "palettes"
# Fractals with taste that are posted at a time: each takes about 50 ms to make.
PIECE = 5
# Whoever sets one of these options to anything else wants what it has always meant.
OF_CLASSIC: Mapping[str, Any] = {
    **{f"min_{name}": ends[0] for name, ends in RANGES.items()},
    **{f"max_{name}": ends[1] for name, ends in RANGES.items()},
    PALETTES: [DEFAULT],
}


@dataclass(frozen=True)
class Sets:
    """What is generated: ``least`` to ``most`` fractals in ``style``, with ``palettes``.

    ``ranges`` are those of the classic style: both ends for each of RANGED.
    """

    ranges: Mapping[str, tuple[float, float]]
    least: int
    most: int
    palettes: Sequence[str] = (DEFAULT,)
    style: str = Style.CLASSIC


class Maker:
    """Makes random fractals."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._deck = Deck(rng)

    def count(self, sets: Sets) -> int:
        """Return how many fractals the next set has."""
        return self._rng.randint(*sorted((sets.least, sets.most)))

    def pieces(self, sets: Sets, count: int) -> Iterator[list[FractalTask]]:
        """Yield ``count`` fractals, as many at a time as are made in a moment."""
        size = PIECE if sets.style == Style.TASTE else max(1, count)
        for first in range(0, count, size):
            yield [self._one(sets) for _ in range(min(size, count - first))]

    def _one(self, sets: Sets) -> FractalTask:
        if sets.style == Style.TASTE:
            return tasteful_task(self._rng, self._deck.deal(sets.palettes))
        return random_task(sets.ranges, self._rng, sets.palettes)


def sets_of(conf: cfg.ConfigOpts) -> Sets:
    """Return what ``conf`` says now."""
    ranges = {name: (conf[f"min_{name}"], conf[f"max_{name}"]) for name in RANGED}
    style = conf.producer.style
    if style is None:
        is_classic = any(_is_set(conf, name) for name in OF_CLASSIC)
        style = Style.CLASSIC if is_classic else Style.TASTE
    palettes: Sequence[str] = conf.palettes or [DEFAULT]
    if style == Style.TASTE and not _is_set(conf, PALETTES):
        palettes = NAMES
    return Sets(ranges, conf.min_tasks, conf.max_tasks, palettes, style)


def _is_set(conf: cfg.ConfigOpts, name: str) -> bool:
    """Return whether a file, the command line or the environment sets an option, or a setting does.

    A setting that is gone leaves the default behind, as a value that was set.
    """
    found = conf.get_location(name)
    is_given = found is not None and found.location.is_user_controlled
    return bool(is_given or conf[name] != OF_CLASSIC[name])
