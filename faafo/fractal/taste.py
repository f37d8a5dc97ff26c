# SPDX-License-Identifier: Apache-2.0
"""Random tasks with taste: a whole Julia set of a chosen c, in a frame that fits it.

c lies just outside the set of those constants whose Julia set is connected: there the sets are
dust, but so dense that they look connected, and have the spirals of the boundary. A coarse survey
of each candidate tells how good a picture it makes, how large the set is, and which colours suit.
"""

import cmath
import math
import random
import uuid as uuidlib
from collections.abc import Sequence
from typing import NamedTuple

from faafo.fractal.drawing import Colouring, Formula
from faafo.fractal.steps import critical_count
from faafo.fractal.survey import Box, Survey, survey
from faafo.fractal.task import FractalTask
from faafo.fractal.toning import Tone, choose_tone

# Formulae and sizes in pixels, each with its weight.
FORMULAE = {
    Formula.Z2: 12,
    Formula.Z3: 3,
    Formula.Z4: 2,
    Formula.BURNING_SHIP: 2,
    Formula.TRICORN: 3,
}
SIZES = {
    (640, 480): 3,
    (800, 600): 4,
    (960, 640): 5,
    (1024, 768): 4,
    (1200, 600): 3,
    (1280, 720): 4,
    (1920, 1080): 1,
    (800, 800): 6,
    (1024, 1024): 2,
    (720, 960): 4,
    (640, 960): 4,
    (720, 1280): 3,
}
# Sizes whose frame the set fills less than this part of the best one are out of the question.
FITTING = 0.85
# The part of the width, or of the height, that the set fills.
FILLED = (0.79, 0.91)
SAMPLES = 2

# Candidates for a c, and the score that ends the search.
TRIES = 8
GOOD = 0.95
# 0 escapes in about so many steps, on a logarithmic scale, and in fewer than CONNECTED ones.
SLOWNESS = (28, 158)
CONNECTED = 200
HALVINGS = 40
# Connected sets are sought, and their complement is reached, within these.
HEART = (complex(-1.5, -1.0), complex(0.5, 1.0))
OUTSIDE = 2.5
# Iterations: those of the critical orbit, for the depth of the dust, and some for its surroundings.
ITERATIONS_A_STEP, LEAST_ITERATIONS, MOST_ITERATIONS = 8, 200, 1000


class Candidate(NamedTuple):
    """A c, the steps in which 0 escapes, the survey of its Julia set, the set's extent, a score."""

    formula: str
    c: complex
    steps: int
    seen: Survey
    extent: Box
    score: float


class Deck:
    """Deals names in random order, each once before any comes again."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names: tuple[str, ...] = ()
        self._left: list[str] = []

    def deal(self, names: Sequence[str]) -> str:
        """Return the next one of ``names``; other ones than before make a new deck."""
        if tuple(names) != self._names or not self._left:
            self._names = tuple(names)
            self._left = self._rng.sample(self._names, len(self._names))
        return self._left.pop()


def tasteful_task(rng: random.Random, palette: str) -> FractalTask:
    """Return a random task that shows a whole Julia set in ``palette``, with a uuid and a c."""
    uuid = str(uuidlib.UUID(int=rng.getrandbits(128), version=4))
    chosen = _choose(rng)
    width, height = _choose_size(chosen.extent, rng)
    frame = _frame(chosen.extent, width, height, rng.uniform(*FILLED))
    tone = _tone(palette, chosen.seen, frame, rng)
    iterations = LEAST_ITERATIONS + ITERATIONS_A_STEP * chosen.steps
    return FractalTask(
        uuid=uuid,
        width=width,
        height=height,
        iterations=min(MOST_ITERATIONS, iterations),
        **frame._asdict(),
        cx=chosen.c.real,
        cy=chosen.c.imag,
        palette=palette,
        formula=chosen.formula,
        colouring=Colouring.SMOOTH,
        samples=SAMPLES,
        **tone._asdict(),
    )


def good_constant(formula: str, rng: random.Random) -> complex:
    """Return a c whose Julia set for a formula makes a good picture."""
    return _best(formula, rng).c


def _choose(rng: random.Random) -> Candidate:
    """Return a good candidate for a random formula."""
    (formula,) = rng.choices(list(FORMULAE), list(FORMULAE.values()))
    return _best(formula, rng)


def _best(formula: str, rng: random.Random) -> Candidate:
    """Return the first good candidate for a formula, or else the best one of TRIES."""
    best = _candidate(formula, rng)
    for _ in range(TRIES - 1):
        if best.score > GOOD:
            break
        best = max(best, _candidate(formula, rng), key=lambda candidate: candidate.score)
    return best


def _candidate(formula: str, rng: random.Random) -> Candidate:
    slowness = math.exp(rng.uniform(*map(math.log, SLOWNESS)))
    while True:
        c, steps = _near_the_edge(formula, rng, round(slowness))
        seen = survey(formula, c)
        extent = seen.extent()
        if extent is not None and extent.slimness > 0:
            return Candidate(formula, c, steps, seen, extent, _score(seen, extent))


def _near_the_edge(formula: str, rng: random.Random, wanted: int) -> tuple[complex, int]:
    """Return a c outside for which 0 escapes in ``wanted`` steps, or slightly more, and these.

    It is on a line from a random c for which 0 does not escape to a random one far outside.
    """
    inside = _random_inside(formula, rng)
    outside = cmath.rect(OUTSIDE, rng.uniform(0.0, 2.0 * math.pi))
    reached = 0
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        steps = critical_count(formula, middle, CONNECTED)
        if steps == CONNECTED:
            inside = middle
            continue
        outside, reached = middle, steps
        if steps >= wanted:
            break
    return outside, reached


def _random_inside(formula: str, rng: random.Random) -> complex:
    low, high = HEART
    while True:
        c = complex(rng.uniform(low.real, high.real), rng.uniform(low.imag, high.imag))
        if critical_count(formula, c, CONNECTED) == CONNECTED:
            return c


def _score(seen: Survey, extent: Box) -> float:
    """Return how good a picture a set makes, from 0 to 1.

    Of the grid within its extent a good part is next to the set, which is neither thin nor all over
    the place, and little is inside, or escapes late although it is away from the set. The counts
    of neighbours have something to do with each other.
    """
    points, pitch = seen.within(extent).points, seen.pitch
    near = sum(0 < point.distance < pitch for point in points) / len(points)
    inside = sum(point.distance == 0 for point in points) / len(points)
    blank = sum(p.distance >= 1.5 * pitch and p.escape >= 10 for p in points) / len(points)
    return (
        _rising(near, 0.20, 0.36)
        * _rising(-near, -0.75, -0.55)
        * _rising(extent.slimness, 0.30, 0.50)
        * _rising(-inside, -0.30, -0.10)
        * _rising(-blank, -0.20, -0.04)
        * _rising(-seen.roughness(), -2.80, -2.50)
    )


def _rising(value: float, low: float, high: float) -> float:
    """Return 0 up to ``low``, 1 from ``high`` on, and what is proportional between them."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _choose_size(extent: Box, rng: random.Random) -> tuple[int, int]:
    """Return a random size in pixels of which the set fills much."""
    fits = {size: _fit(extent, *size) for size in SIZES}
    fitting = [size for size, fit in fits.items() if fit >= FITTING * max(fits.values())]
    (size,) = rng.choices(fitting, [SIZES[size] for size in fitting])
    return size


def _fit(extent: Box, width: int, height: int) -> float:
    """Return the part of one side that a box fills if it fills all of the other."""
    parts = extent.width / width, extent.height / height
    return min(parts) / max(parts)


def _frame(extent: Box, width: int, height: int, filled: float) -> Box:
    """Return the window with square pixels around ``extent``, of which this fills a part.

    :param filled: of the width, or of the height if that is more.
    """
    pixel = max(extent.width / width, extent.height / height) / filled
    x, y = (extent.xa + extent.xb) / 2, (extent.ya + extent.yb) / 2
    across, down = pixel * (width - 1) / 2, pixel * (height - 1) / 2
    return Box(x - across, x + across, y - down, y + down)


def _tone(palette: str, seen: Survey, frame: Box, rng: random.Random) -> Tone:
    shown = [point for point in seen.within(frame).points if point.distance > 0]
    near = [point.escape for point in shown if point.distance < seen.pitch]
    far = [point.escape for point in shown if point.distance >= seen.pitch]
    return choose_tone(palette, near, far, rng)
