# SPDX-License-Identifier: Apache-2.0
"""Row: operators disable and enable services and pause the service, while some are killed."""

import contextlib
from random import Random
from typing import Any

import requests

from faafo.fractal.service import service_id
from tests.chaos.counters import ADMIN
from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Fault, Lab, Line, Scale, play
from tests.chaos.site import FROZEN_SECONDS, Site, pause

# Seconds for which a service is disabled, or all are paused: in the short suite, and in the whole.
SHORT_SECONDS, LONG_SECONDS = 3.0, 8.0
ATTEMPTS = 30


def disabled_and_paused(lab: Lab, rng: Random, scale: Scale) -> Line:
    """disable and enable, pause and resume; kill -9 and SIGSTOP of producers meanwhile"""
    with lab.site() as site:
        populate(site, producers=2, apis=2)
        seconds = LONG_SECONDS if scale.full else SHORT_SECONDS
        operator = Operator(site, rng, seconds)
        kinds = (operator.disable_worker, operator.disable_producer, operator.pause)
        planned = [kinds[number % len(kinds)] for number in range(max(scale.faults, len(kinds)))]
        harmful: list[Fault] = [rng.choice(site.of("producer")).crash]
        if scale.full:
            harmful += [rng.choice(site.of("producer")).faint for _ in range(2)]
        faults = [*planned, *harmful]
        rng.shuffle(faults)
        lasting = seconds * len(planned) + FROZEN_SECONDS * len(harmful)
        line = play(site, rng, scale, faults, 0, lasting=lasting)
        # What an operator does wastes no render: what runs on a disabled worker is finished.
        line.allowed = ALL_SLOTS * len(harmful)
        line.problems += operator.problems
        return line


class Operator:
    """Does what an administrator does; ``problems`` are what was not as it must be.

    :param seconds: for how long a service is disabled, or all are paused.
    """

    def __init__(self, site: Site, rng: Random, seconds: float) -> None:
        self._site = site
        self._seconds = seconds
        self._rng = rng
        self.problems: list[str] = []

    def disable_worker(self) -> None:
        """Disable a worker for a while, and enable it again."""
        self._disable("worker")

    def disable_producer(self) -> None:
        """Disable a producer for a while, and enable it again."""
        self._disable("producer")

    def pause(self) -> None:
        """Pause the service for a while, and resume it."""
        self._ask("PUT", "/api/maintenance", {"mode": "paused", "reason": "a row of the suite"})
        pause(self._seconds)
        self._ask("PUT", "/api/maintenance", {"mode": "off"})

    def _disable(self, kind: str) -> None:
        path = f"/api/service/{service_id(kind, self._rng.choice(self._site.of(kind)).name)}"
        self._ask("PATCH", path, {"disabled": True, "reason": "a row of the suite"})
        pause(self._seconds)
        self._ask("PATCH", path, {"disabled": False})

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Send a request to the APIs in turn, until one takes it."""
        said = "nobody answered"
        for number in range(ATTEMPTS):
            url = self._site.apis[number % len(self._site.apis)]
            with contextlib.suppress(requests.RequestException):
                answer = requests.request(method, url + path, json=body, auth=ADMIN, timeout=30)
                if answer.ok:
                    return
                said = answer.text
            # It may not have been heard of yet.
            pause(0.5)
        self.problems.append(f"{method} {path}: {said}")
