# SPDX-License-Identifier: Apache-2.0
"""Rows: services that are killed, frozen or told to stop while they work."""

from itertools import cycle, islice
from random import Random

from tests.chaos.lab import Fault, Lab, Line, Scale, play
from tests.chaos.site import FROZEN_SECONDS, UNHURRIED, Site

SLOTS = 2
WORKERS = 2
# What one producer, or the only broker, can have under way.
ALL_SLOTS = SLOTS * WORKERS
KINDS = ("producer", "api", "worker")


def populate(site: Site, producers: int = 1, apis: int = 1) -> Site:
    """Start what a row needs: two workers, and so many of the others."""
    for number in range(1, apis + 1):
        site.add_api(f"api-{number}")
    with site.starting_together():
        for number in range(1, WORKERS + 1):
            site.add_worker(f"worker-{number}", SLOTS)
        for number in range(1, producers + 1):
            site.add_producer(f"producer-{number}", site.apis[(number - 1) % apis])
    return site


def _crashes(site: Site, rng: Random, scale: Scale, *kinds: str) -> list[Fault]:
    candidates = [member for kind in kinds for member in site.of(kind)]
    return [rng.choice(candidates).crash for _ in range(scale.faults)]


def killed_workers(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of a worker, restarted after 1 s"""
    with lab.site() as site:
        populate(site)
        return play(site, rng, scale, _crashes(site, rng, scale, "worker"), SLOTS)


def killed_producers(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of the producer, restarted after 1 s"""
    with lab.site() as site:
        populate(site)
        return play(site, rng, scale, _crashes(site, rng, scale, "producer"), ALL_SLOTS)


def killed_apis(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of the API, restarted after 1 s"""
    with lab.site() as site:
        populate(site)
        return play(site, rng, scale, _crashes(site, rng, scale, "api"), ALL_SLOTS)


def killed_anything(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of any of 2 workers, 2 producers, 2 APIs"""
    with lab.site() as site:
        populate(site, producers=2, apis=2)
        # One of each kind before a second one of any.
        kinds = islice(cycle(KINDS), max(scale.faults, len(KINDS)))
        crashes = [rng.choice(site.of(kind)).crash for kind in kinds]
        return play(site, rng, scale, crashes, ALL_SLOTS)


def frozen_workers(lab: Lab, rng: Random, scale: Scale) -> Line:
    """worker frozen (SIGSTOP) past its lease, then continued"""
    with lab.site() as site:
        populate(site)
        count = scale.faults if scale.full else 1
        freezes = [rng.choice(site.of("worker")).faint for _ in range(count)]
        return play(site, rng, scale, freezes, SLOTS, lasting=FROZEN_SECONDS * len(freezes))


def frozen_producers(lab: Lab, rng: Random, scale: Scale) -> Line:
    """producer frozen past its lease, then continued; another one goes on"""
    with lab.site() as site:
        populate(site, producers=2)
        freezes = [rng.choice(site.of("producer")).faint for _ in range(scale.faults)]
        return play(site, rng, scale, freezes, ALL_SLOTS, lasting=FROZEN_SECONDS * len(freezes))


def told_to_stop(lab: Lab, rng: Random, scale: Scale) -> Line:
    """SIGTERM of every service in turn, started again"""
    with lab.site(UNHURRIED) as site:
        populate(site, producers=2, apis=2)
        members = [*site.of("worker"), *site.of("producer"), *site.of("api")]
        rng.shuffle(members)
        return play(site, rng, scale, [member.restart for member in members], 0)
