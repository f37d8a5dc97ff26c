# SPDX-License-Identifier: Apache-2.0
"""From the release before to this one and back, service by service, while fractals are posted."""

from collections.abc import Sequence
from random import Random

import requests

from faafo.fractal import palette
from faafo.fractal.task import FractalTask
from tests.chaos.ledger import random_tasks
from tests.functional.processes import wait_until
from tests.upgrade.fleet import Fleet, Stream, faults
from tests.upgrade.news import News
from tests.upgrade.previous import REVISION

APIS = ["api-1", "api-2"]
OTHERS = ["producer-1", "producer-2", "worker-1", "worker-2"]
COUNT = 60
SECONDS = 25.0
# What the release before knows nothing of.
FINE = (
    {"colouring": "smooth"},
    {"samples": 2},
    {"formula": "burning-ship"},
    {"palette": next(name for name in palette.NAMES if name not in palette.FIRST_NAMES)},
    {"density": 2.5, "offset": 0.25},
    {"inside": "#ff0000"},
)


def tasks_of_both(rng: Random, count: int = COUNT) -> list[FractalTask]:
    """Return fractals that both releases can draw."""
    return [
        one.model_copy(update={"palette": rng.choice(palette.FIRST_NAMES)})
        for one in random_tasks(rng, count)
    ]


def fine_tasks(rng: Random) -> list[FractalTask]:
    """Return two fractals for each of FINE, which only this release can draw."""
    tasks = random_tasks(rng, 2 * len(FINE))
    return [
        one.model_copy(update={**fine, "width": 40, "height": 30})
        for one, fine in zip(tasks, FINE * 2, strict=True)
    ]


def shuffled(rng: Random, names: Sequence[str]) -> list[str]:
    """Return ``names`` in a random order."""
    return rng.sample(names, len(names))


def test_nothing_is_lost_or_drawn_wrongly_on_the_way_to_this_release(fleet: Fleet, old, new, seed):
    rng = Random(seed)
    assert REVISION in fleet.upgrade(old)
    fleet.start_all(old)
    ledger = fleet.ledger()
    ledger.post_all(tasks_of_both(rng, 20), 1.0)
    with Stream(ledger, tasks_of_both(rng), SECONDS):
        fleet.upgrade(new)
        for name in shuffled(rng, APIS):
            fleet.replace(name, new)
        with Stream(ledger, fine_tasks(rng), 5.0):
            for name in shuffled(rng, OTHERS):
                fleet.replace(name, new)
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []


def test_nothing_is_lost_when_workers_and_producers_go_back(fleet: Fleet, old, new, seed):
    rng = Random(seed)
    fleet.upgrade(old)
    fleet.upgrade(new)
    fleet.start_all(new)
    ledger, news = fleet.ledger(), News(fleet.apis[0])
    with Stream(ledger, [*tasks_of_both(rng), *fine_tasks(rng)], SECONDS):
        news.post()
        for name in shuffled(rng, OTHERS):
            fleet.replace(name, old)
    # Old workers leave to others what they cannot draw.
    wait_until(lambda: _at_rest(fleet, ledger.attempted.values()), "what old workers can draw")
    assert fleet.count("error") == 0
    fleet.replace("worker-1", new)
    fleet.replace("producer-1", new)
    news.finish()
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []


def _at_rest(fleet: Fleet, tasks: Sequence[FractalTask]) -> bool:
    """Tell whether all is complete that the release before can draw."""
    return fleet.count("complete") >= COUNT and requests.get(fleet.apis[0], timeout=30).ok
