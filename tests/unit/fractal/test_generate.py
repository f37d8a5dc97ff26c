# SPDX-License-Identifier: Apache-2.0
"""Random tasks and the choice of c."""

import random

import pytest

from faafo.fractal import generate
from faafo.fractal.drawing import Formula
from faafo.fractal.generate import KNOWN_GOOD_CONSTANTS, choose_constant, random_task, with_constant
from faafo.fractal.task import FractalTask

RANGES = {
    "width": (256, 1024),
    "height": (1024, 256),
    "iterations": (128, 512),
    "xa": (-1.0, -4.0),
    "xb": (4.0, 1.0),
    "ya": (-0.5, -3.0),
    "yb": (0.5, 3.0),
}


def make_task(**changes):
    values = {
        "uuid": "5b3f1a52-9d1c-4d8e-8f4e-0c7a5a3a9b11",
        "width": 8,
        "height": 8,
        "iterations": 200,
        "xa": -1.5,
        "xb": 1.5,
        "ya": -1.0,
        "yb": 1.0,
    }
    return FractalTask(**{**values, **changes})


def test_a_random_task_lies_within_its_ranges_in_either_order():
    rng = random.Random(1)
    for _number in range(200):
        task = random_task(RANGES, rng)
        for name, ends in RANGES.items():
            assert min(ends) <= getattr(task, name) <= max(ends)
        assert isinstance(task.width, int)
        assert task.cx is not None


def test_a_random_task_has_the_original_palette_unless_there_is_a_choice():
    rng = random.Random(1)
    assert {random_task(RANGES, rng).palette for _ in range(20)} == {"original"}
    names = ["ember", "dawn"]
    assert {random_task(RANGES, rng, names).palette for _ in range(50)} == set(names)


def test_the_same_random_numbers_give_the_same_task():
    assert random_task(RANGES, random.Random(7)) == random_task(RANGES, random.Random(7))


def test_every_task_has_a_uuid_of_its_own():
    rng = random.Random(1)
    assert len({random_task(RANGES, rng).uuid for _number in range(100)}) == 100


def test_the_orbit_of_a_chosen_c_escapes_neither_at_once_nor_late():
    for seed in range(50):
        cx, cy = choose_constant(make_task(), random.Random(seed))
        z = c = complex(cx, cy)
        steps = 0
        while abs(z) <= 2.0:
            z = z * z + c
            steps += 1
        assert 10 < steps < 100


@pytest.mark.parametrize("changes", [{"iterations": 11}, {"xa": 1e5, "xb": 1e6}, {"iterations": 1}])
def test_a_known_good_c_is_used_where_no_point_qualifies(changes):
    assert choose_constant(make_task(**changes), random.Random(1)) in KNOWN_GOOD_CONSTANTS["z2"]


def test_the_search_for_c_ends(monkeypatch):
    monkeypatch.setattr(generate, "MAX_TRIES", 3)
    nowhere = make_task(xa=0.1, xb=0.1, ya=0.1, yb=0.1)
    assert choose_constant(nowhere, random.Random(1)) in KNOWN_GOOD_CONSTANTS["z2"]


def test_a_uuid_always_seeds_the_same_c():
    task = with_constant(make_task())
    assert task == with_constant(make_task())
    # The value itself: workers of all versions must agree on it.
    assert (task.cx, task.cy) == (-0.38353185381019683, -0.6469816394496974)


STEPS = {
    "z2": lambda z, c: z**2 + c,
    "z3": lambda z, c: z**3 + c,
    "z4": lambda z, c: z**4 + c,
    "burning-ship": lambda z, c: (abs(z.real) + 1j * abs(z.imag)) ** 2 + c,
    "tricorn": lambda z, c: z.conjugate() ** 2 + c,
}


@pytest.mark.parametrize("formula", Formula)
def test_the_orbit_of_the_formula_decides_about_c(formula):
    for seed in range(10):
        task = make_task(formula=formula, uuid=f"5b3f1a52-9d1c-4d8e-8f4e-0c7a5a3a9b{seed:02}")
        chosen = with_constant(task)
        z = c = complex(chosen.cx, chosen.cy)
        steps = 0
        while abs(z) <= 2.0:
            z = STEPS[formula](z, c)
            steps += 1
        assert 10 < steps < 100


@pytest.mark.parametrize("formula", Formula)
def test_each_formula_has_known_good_constants(formula):
    nowhere = make_task(formula=formula, xa=1e5, xb=1e6)
    c = choose_constant(nowhere, random.Random(1))
    assert c in KNOWN_GOOD_CONSTANTS[formula]


def test_a_given_c_is_kept():
    task = make_task(cx=0.1, cy=0.2)
    assert with_constant(task) is task
