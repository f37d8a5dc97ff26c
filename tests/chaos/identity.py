# SPDX-License-Identifier: Apache-2.0
"""Rows: uuids that are posted again, and names that two workers have."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from random import Random

import requests

from faafo.fractal.task import FractalTask
from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Lab, Line, Scale, play, tell
from tests.chaos.ledger import WORTH_A_RETRY, Ledger
from tests.chaos.site import UNHURRIED, Member
from tests.functional.processes import wait_until

ROUNDS, FEW_ROUNDS = 500, 30
CLIENTS = 6
TAKEN = "is taken"


def reposted_uuids(lab: Lab, rng: Random, scale: Scale) -> Line:
    """uuids deleted while they are rendered and posted again with another c"""
    rounds = ROUNDS if scale.full else FEW_ROUNDS
    with lab.site(UNHURRIED) as site:
        populate(site, producers=2, apis=2)
        ledger = site.ledger()
        pairs = [_same_uuid(rng) for _ in range(rounds)]
        urls = [rng.choice(site.apis) for _ in pairs]
        tell("posting, deleting and posting again %d uuids", rounds)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda pair, url: _repost(ledger, *pair, url), pairs, urls))
        verdict = site.settle(ledger)
        # The render of a deleted fractal may have ended before it could be cancelled.
        line = Line(rounds, verdict, site.rendered_twice(), rounds, 0.0, problems=site.dead())
        line.problems += [f"{count} answers of 500" for count in [ledger.statuses[500]] if count]
        return line


def _same_uuid(rng: Random) -> tuple[FractalTask, FractalTask]:
    """Return two fractals with one uuid and different pictures, which take up to half a second."""
    name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    side, iterations = rng.randint(60, 500), rng.randint(200, 20_000)
    # Points near 0 are followed to the end: c lies on the edge of the Mandelbrot set.
    first, second = (
        FractalTask(
            uuid=name, width=side, height=side, iterations=iterations,
            xa=-0.1, xb=0.1, ya=-0.1, yb=0.1, cx=0.25, cy=cy,
        )
        for cy in rng.sample([0.0, 1e-4, 2e-4, 3e-4], 2)
    )  # fmt: skip
    return first, second


def _repost(ledger: Ledger, first: FractalTask, second: FractalTask, url: str) -> None:
    ledger.post(first, url)
    path = f"{url}/api/fractal/{first.uuid}"
    wait_until(
        lambda: requests.get(path, auth=ledger.user, timeout=60).json()["status"] != "queued",
        "a render to begin",
    )

    def is_deleted() -> bool:
        answer = requests.delete(path, auth=ledger.user, timeout=60)
        assert answer.status_code in (204, *WORTH_A_RETRY), answer.text
        return answer.status_code == 204

    wait_until(is_deleted, "the fractal to be deleted")
    ledger.post(second, url)


def taken_name(lab: Lab, rng: Random, scale: Scale) -> Line:
    """a second worker with the name of one that renders"""
    with lab.site(UNHURRIED) as site:
        populate(site)
        first = site.members["worker-1"]
        twins = []

        def start_twin() -> None:
            twin = Member(f"twin-{len(twins)}", site.directory, first.command)
            twin.start()
            twins.append((twin.service.wait_for_end(), twin.service.lines_with(TAKEN)))
            twin.kill()

        line = play(site, rng, scale, [start_twin] * scale.faults, ALL_SLOTS)
        line.problems += [
            f"a twin ended with {status} and said {lines}"
            for status, lines in twins
            if status != 1 or len(lines) != 1
        ]
        return line
