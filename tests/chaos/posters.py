# SPDX-License-Identifier: Apache-2.0
"""Row: posters among other fractals, while services that render or join them are killed."""

import hashlib
import io
import uuid as uuidlib
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import requests
from PIL import Image
from sqlalchemy import create_engine, text

from faafo.db.url import parse_url
from faafo.fractal.task import FractalTask
from faafo.render import image
from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Lab, Line, Scale, play, tell
from tests.chaos.ledger import HEAVY, Ledger
from tests.chaos.site import FROZEN_SECONDS, Site
from tests.functional.processes import run

PARTS = 12
# With a palette and without, which are filtered in two ways; a band takes a second or so.
KINDS: tuple[dict[str, Any], ...] = (
    {**HEAVY, "width": 3000, "height": 2000, "iterations": 2500},
    {**HEAVY, "width": 3000, "height": 2000, "iterations": 2500, "colouring": "smooth"},
)
EACH = 2
# What is never left, whatever was done: parts that wait, parts without a parent, open parents.
LEFT = {
    "parts that are not complete": "parent IS NOT NULL AND status <> 'complete'",
    "parts without a parent": "parent IS NOT NULL AND parent NOT IN (SELECT uuid FROM "
    "(SELECT uuid FROM fractal WHERE children > 0) AS parents)",
    "open parents": "children > 0 AND (open_children <> 0 OR status <> 'complete')",
}


def posters(lab: Lab, rng: Random, scale: Scale) -> Line:
    """posters in 12 bands: kill -9 of worker, producer and API, worker frozen past its lease"""
    with lab.site() as site:
        populate(site)
        ledger = Posters(site, rng)
        members = [rng.choice(site.of(kind)) for kind in ("worker", "producer", "api")]
        faults = [*(one.crash for one in members), *(one.faint for one in site.of("worker"))]
        rng.shuffle(faults)
        lasting = FROZEN_SECONDS * len(site.of("worker"))
        line = play(site, rng, scale, faults, ALL_SLOTS, lasting=lasting, ledger=ledger)
        line.problems += _left(site)
        return line


class Posters(Ledger):
    """A client that posts posters, too, and compares their pixels: a join has bytes of its own."""

    def __init__(self, site: Site, rng: Random) -> None:
        super().__init__(site.apis, site.user)
        self._posters = [_poster(rng, kind) for kind in KINDS for _ in range(EACH)]

    def post_all(self, tasks: Sequence[FractalTask], seconds: float) -> None:
        """Post ``tasks``, and the posters at equal distances among them."""
        together = list(tasks)
        for number, poster in enumerate(self._posters):
            together.insert(number * len(together) // len(self._posters), poster)
        super().post_all(together, seconds)

    def members(self, task: FractalTask) -> dict[str, Any]:
        """Return the members of the body that posts a task."""
        return super().members(task) | ({"split": PARTS} if task in self._posters else {})

    def _is_right(self, url: str, record: dict[str, Any]) -> bool:
        task = self.attempted.get(record["uuid"])
        if task not in self._posters:
            return super()._is_right(url, record)
        served = requests.get(f"{url}/api/fractal/{task.uuid}/image", auth=self.user, timeout=60)
        if hashlib.sha256(served.content).hexdigest() != record["checksum"]:
            return False
        number = self._posters.index(task) // EACH
        with Image.open(io.BytesIO(served.content)) as picture:
            return record["children"] == PARTS and _pixels(picture) == _pixels_of(number)


def _poster(rng: Random, kind: dict[str, Any]) -> FractalTask:
    return FractalTask(uuid=str(uuidlib.UUID(int=rng.getrandbits(128), version=4)), **kind)


def _pixels(picture: Image.Image) -> str:
    return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()


@cache
def _pixels_of(kind: int) -> str:
    """Return the checksum of the pixels of a kind of poster that is rendered whole."""
    return _pixels(image.render(_poster(Random(0), KINDS[kind])))


def _left(site: Site) -> list[str]:
    """Return what is left of posters that are complete, and must not be."""
    engine = create_engine(parse_url(site.database_url))
    with engine.connect() as connection:
        counts = {
            what: connection.scalar(text(f"SELECT COUNT(*) FROM fractal WHERE {where}"))
            for what, where in LEFT.items()
        }
    engine.dispose()
    tell("%d segments are left before the sweep", len(_segments(site)))
    sweep = ("store", "sweep", "--older-than", "0")
    config = site.directory / "api-1.conf"
    swept = run(site.directory, "faafo-manage", "--config-file", config, *sweep)
    counts["segments after the sweep"] = len(_segments(site))
    problems = [f"{number} {what}" for what, number in counts.items() if number]
    return problems + ([f"the sweep ended with {swept.returncode}"] if swept.returncode else [])


def _segments(site: Site) -> list[str]:
    return [path.name for path in site.images.iterdir() if ".segment" in path.name]
