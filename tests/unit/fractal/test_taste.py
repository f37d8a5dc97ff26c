# SPDX-License-Identifier: Apache-2.0
"""Tasks with taste: what their pictures show, drawn small by a plain loop."""

import math
import random
from collections import Counter

import pytest

from faafo.fractal import palette as palettes
from faafo.fractal.drawing import Formula
from faafo.fractal.palette import CYCLE, DEFAULT, NAMES, ORIGINAL_COLOURS
from faafo.fractal.steps import DEGREE, STEP
from faafo.fractal.taste import Deck, tasteful_task

COUNT = 20
# Pixels along the longer side of a small picture, and the count from which one shows the set.
SIDE = 48
SET = 14


def count_at(task, z):
    """The fractional count of a point; None inside."""
    c = complex(task.cx, task.cy)
    for n in range(150):
        if abs(z) > 50:
            return max(0.0, n + 1 - math.log(math.log2(abs(z)), DEGREE[task.formula]))
        z = STEP[task.formula](z, c)
    return None


def colour(task, count):
    if count is None:
        return tuple(bytes.fromhex(task.inside[1:]))
    colours = palettes.colours(task.palette)
    if task.palette == DEFAULT:
        place = count * task.density + ORIGINAL_COLOURS * task.offset
        return colours[int(place) % ORIGINAL_COLOURS]
    place = 16 * math.sqrt(count) * task.density + CYCLE * task.offset
    return colours[1 + int(place) % CYCLE]


def counts_of(task):
    """The counts of a small picture: a list of rows."""
    step = max(task.width, task.height) / SIDE
    width, height = int(task.width / step), int(task.height / step)
    across, down = (task.xb - task.xa) / (width - 1), (task.yb - task.ya) / (height - 1)
    return [
        [count_at(task, complex(task.xa + x * across, task.ya + y * down)) for x in range(width)]
        for y in range(height)
    ]


@pytest.fixture(scope="module")
def pictures():
    rng = random.Random(3)
    deck = Deck(rng)
    tasks = [tasteful_task(rng, deck.deal(NAMES)) for _ in range(COUNT)]
    return [(task, counts_of(task)) for task in tasks]


def test_pixels_are_square(pictures):
    for task, _counts in pictures:
        across = (task.xb - task.xa) / (task.width - 1)
        assert across == pytest.approx((task.yb - task.ya) / (task.height - 1), rel=1e-9)


def test_the_set_is_inside_of_the_frame_and_fills_most_of_it(pictures):
    for task, counts in pictures:
        places = [
            (x, y)
            for y, row in enumerate(counts)
            for x, count in enumerate(row)
            if count is None or count > SET
        ]
        xs, ys = ([place[axis] for place in places] for axis in (0, 1))
        width, height = len(counts[0]), len(counts)
        assert min(xs) > 0, task
        assert min(ys) > 0, task
        assert max(xs) < width - 1, task
        assert max(ys) < height - 1, task
        filled = max((max(xs) - min(xs) + 1) / width, (max(ys) - min(ys) + 1) / height)
        assert 0.55 <= filled <= 0.95, task


def test_little_is_nearly_black(pictures):
    colours = [colour(task, one) for task, counts in pictures for row in counts for one in row]
    assert sum(max(rgb) < 40 for rgb in colours) / len(colours) < 0.05


def test_the_inside_is_a_colour_of_the_palette_that_is_not_nearly_black(pictures):
    for task, _counts in pictures:
        rgb = tuple(bytes.fromhex(task.inside[1:]))
        assert rgb in palettes.colours(task.palette)
        assert max(rgb) >= 40


def test_most_of_a_set_is_neither_inside_nor_thin(pictures):
    for task, counts in pictures:
        shown = [one for row in counts for one in row]
        assert sum(one is None for one in shown) / len(shown) < 0.25, task
        assert sum(one is None or one > 8 for one in shown) / len(shown) > 0.1, task


def test_pictures_are_smooth_and_have_2_x_2_samples(pictures):
    assert {(task.colouring, task.samples) for task, _counts in pictures} == {("smooth", 2)}


def test_formulae_sizes_and_palettes_are_mixed(pictures):
    tasks = [task for task, _counts in pictures]
    assert Counter(task.palette for task in tasks) == Counter(NAMES)
    assert len({task.formula for task in tasks}) >= 3
    assert {task.formula for task in tasks} <= set(Formula)
    assert len({(task.width, task.height) for task in tasks}) >= 5
    assert any(task.width > task.height for task in tasks)
    assert any(task.width < task.height for task in tasks)
    assert len({task.uuid for task in tasks}) == COUNT


def test_the_same_random_numbers_give_the_same_task():
    one, other = (tasteful_task(random.Random(7), "ember") for _ in range(2))
    assert one == other


def test_a_deck_deals_each_name_once_in_an_order_of_its_own():
    deck = Deck(random.Random(1))
    rounds = [[deck.deal(NAMES) for _ in NAMES] for _ in range(2)]
    assert all(sorted(one) == sorted(NAMES) for one in rounds)
    assert rounds[0] != rounds[1]
    assert [deck.deal(["ember"]) for _ in range(2)] == ["ember", "ember"]
