# SPDX-License-Identifier: Apache-2.0
"""Posters, films and labels beside workers and producers that do not know them: they wait."""

import io
from collections.abc import Sequence
from random import Random

import pytest
import requests
from PIL import Image

from faafo.fractal.tile import parse_view
from faafo.render import image
from tests.functional.processes import run, wait_until
from tests.upgrade.check_rolling import tasks_of_both
from tests.upgrade.fleet import ALL, LABEL, SETTLED_SECONDS, Fleet, faults
from tests.upgrade.news import FRAMES, PARTS, News, pixels
from tests.upgrade.previous import Release

COUNT = 6
# So many that each worker is asked for some.
TILES = 8
LATER = "a worker of a later version: none that is up can draw so."
# What the page of each says while only workers of the release before are up.
PAGES = {
    "poster": LATER,
    "smooth poster": LATER,
    "film": "No live worker joins films.",
    "smooth film": LATER,
    "film in WebM": "No live worker joins films.",
    "labelled": f"It asks for the label {LABEL}, which no live worker has.",
    "labelled poster": f"It asks for the label {LABEL}, which no live worker has.",
}
TOLD = [
    f"{1 + PARTS} fractals ask for the label {LABEL}, which no live worker has.",
    "2 films wait to be joined, and no live worker joins films.",
    # The bands of three posters, the frames of one film, the joins of two.
    f"{3 * PARTS + FRAMES + 2} fractals wait for {LATER}",
]


def start(fleet: Fleet, release: Release, others: Release, kinds: Sequence[str]) -> None:
    """Start all members: those of ``kinds`` of one release, all else of the other one."""
    with fleet.starting_together():
        for name in ALL:
            fleet.start(name, release if name.partition("-")[0] in kinds else others)


def test_what_old_workers_do_not_know_waits_and_it_is_said_everywhere(fleet: Fleet, old, new):
    fleet.upgrade(new)
    start(fleet, old, new, ["worker"])
    ledger = fleet.ledger()
    news = News(fleet.apis[0])
    news.post()
    ledger.post_all(tasks_of_both(Random(3), COUNT), 1.0)
    url = fleet.apis[0]

    def told() -> list[str]:
        return requests.get(f"{url}/api/service", timeout=120).json()["unserved"]

    wait_until(lambda: told() == TOLD, "all to be told", SETTLED_SECONDS)
    wait_until(lambda: fleet.count("complete") == COUNT, "what old workers can draw")
    assert run(fleet.directory, "faafo", "--url", url, "service", "list").stderr.splitlines() == (
        TOLD
    )
    page = requests.get(f"{url}/system", timeout=120).text
    assert [one for one in TOLD if one not in page] == []
    assert fleet.count("error") == 0
    for name, sentence in PAGES.items():
        assert sentence in requests.get(f"{url}/fractal/{news.uuids[name]}", timeout=120).text, name
    for producer in fleet.of("producer"):
        for worker in fleet.of("worker"):
            about = f"worker {worker.name} (faafo 0.9.0) knows version 1 of"
            (line,) = producer.service.lines_with(about)
            assert "wait for other workers" in line
    drawn = {uuid for one in fleet.of("worker") for uuid in _named(one.service.output(), news)}
    assert drawn == {one["uuid"] for name in ("film", "film in WebM") for one in news.parts(name)}
    # One of both releases is enough: the new one does what only it can.
    fleet.replace("worker-1", new)
    news.wait()
    assert {one["generated_by"] for one in news.records().values()} == {"worker-1"}
    wait_until(lambda: told() == [], "nothing to be told")
    assert [x for x in range(TILES) if not tile_is_right(url, x)] == []
    news.finish()
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []


def tile_is_right(url: str, x: int) -> bool:
    """Tell whether a tile that only workers of this release can draw has the right pixels."""
    view = {"cx": "-0.12256", "cy": "0.74486", "iterations": "100", "colouring": "smooth"}
    answer = requests.get(f"{url}/tile/3/{x}/4.png", view, timeout=120)
    assert answer.status_code == 200, answer.text
    expected = image.render(parse_view({"z": "3", "x": str(x), "y": "4", **view}).task())
    with Image.open(io.BytesIO(answer.content)) as found:
        return pixels(found) == pixels(expected)


def _named(output: str, news: News) -> set[str]:
    """Return the uuids in a log of what is new, and of the parts of it."""
    parts = [one["uuid"] for name in news.uuids for one in news.parts(name)]
    return {uuid for uuid in [*news.uuids.values(), *parts] if uuid in output}


@pytest.mark.parametrize("workers", ["old", "new"])
def test_old_producers_claim_nothing_that_they_do_not_know(fleet: Fleet, old, new, workers):
    fleet.upgrade(new)
    both = workers == "old"
    start(fleet, old, new, ["producer", "worker"] if both else ["producer"])
    ledger = fleet.ledger()
    news = News(fleet.apis[0])
    news.post()
    ledger.post_all(tasks_of_both(Random(5), COUNT), 1.0)
    wait_until(lambda: fleet.count("complete") == COUNT, "what old producers claim")
    statuses = {name: one["status"] for name, one in news.records().items()}
    assert statuses["labelled"] == "queued"
    assert fleet.count("error") == 0
    page = requests.get(f"{fleet.apis[0]}/system", timeout=120).text
    assert "no producer tells of itself or of a worker" in page
    for one in fleet.of("producer"):
        fleet.replace(one.name, new)
    if both:
        assert fleet.count("error") == 0
        fleet.replace("worker-2", new)
    news.finish()
    assert faults(fleet.settle(ledger)) == []
    assert fleet.dead() == []
