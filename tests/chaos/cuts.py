# SPDX-License-Identifier: Apache-2.0
"""Rows: links between services and servers that are cut, or fall silent."""

import contextlib
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import urlsplit

from tests.chaos.deaths import ALL_SLOTS, SLOTS, WORKERS
from tests.chaos.lab import Fault, Lab, Line, Scale, play
from tests.chaos.proxy import Link
from tests.chaos.site import Site, pause

# What is done to a link: each with the first of the lengths, the short one, or the last.
EVERYTHING = ((Link.cut, 0), (Link.silence, 0), (Link.cut, -1), (Link.silence, -1))
# Half an hour is not enough for everything with each link.
SHORT_CUT_LONG_SILENCE = ((Link.cut, 0), (Link.silence, -1))
LONG_CUT_SHORT_SILENCE = ((Link.cut, -1), (Link.silence, 0))

Plan = tuple[tuple[Callable[[Link], None], int], ...]


def worker_and_broker(lab: Lab, rng: Random, scale: Scale) -> Line:
    """link worker - broker cut, and silent"""
    return _with_link(lab, rng, scale, EVERYTHING, "worker-broker")


def producer_and_broker(lab: Lab, rng: Random, scale: Scale) -> Line:
    """link producer - broker cut, and silent"""
    return _with_link(lab, rng, scale, SHORT_CUT_LONG_SILENCE, "producer-broker")


def producer_and_api(lab: Lab, rng: Random, scale: Scale) -> Line:
    """link producer - API cut, and silent"""
    return _with_link(lab, rng, scale, SHORT_CUT_LONG_SILENCE, "producer-api")


def api_and_database(lab: Lab, rng: Random, scale: Scale) -> Line:
    """link API - database cut, and silent"""
    return _with_link(lab, rng, scale, EVERYTHING, "api-database")


def worker_host(lab: Lab, rng: Random, scale: Scale) -> Line:
    """all links of a host with producer and workers cut, and silent"""
    names = ("worker-broker", "producer-broker", "producer-api")
    return _with_link(lab, rng, scale, LONG_CUT_SHORT_SILENCE, *names)


def _with_link(lab: Lab, rng: Random, scale: Scale, plan: Plan, *names: str) -> Line:
    # With a single length everything would come twice.
    lengths = dict.fromkeys((how, scale.cuts[which]) for how, which in plan)
    with lab.site() as site, _linked(site) as links:
        chosen = [links[name] for name in names]
        faults = [_fault(chosen, how, seconds) for how, seconds in lengths]
        lasting = sum(seconds for _how, seconds in lengths)
        return play(site, rng, scale, faults, ALL_SLOTS, lasting=lasting)


def _fault(links: list[Link], how: Callable[[Link], None], seconds: float) -> Fault:
    def fault() -> None:
        for link in links:
            how(link)
        pause(seconds)
        for link in links:
            link.heal()

    # For the progress that a run shows.
    fault.__name__ = f"{how.__name__} for {seconds:g} s"
    return fault


@contextlib.contextmanager
def _linked(site: Site) -> Iterator[dict[str, Link]]:
    """Start the services with a link between any two that talk to each other."""
    broker, database = site.transport_url, site.database_url
    with (
        Link(_port(database)) as api_database,
        Link(_port(broker)) as worker_broker,
        Link(_port(broker)) as producer_broker,
    ):
        site.database_url = _through(database, api_database)
        api = site.add_api()
        for number in range(1, WORKERS + 1):
            url = _through(broker, worker_broker)
            site.add_worker(f"worker-{number}", SLOTS, transport_url=url)
        with Link(_port(api)) as producer_api:
            site.add_producer(
                url=_through(api, producer_api), transport_url=_through(broker, producer_broker)
            )
            yield {
                "api-database": api_database,
                "worker-broker": worker_broker,
                "producer-broker": producer_broker,
                "producer-api": producer_api,
            }
            # Links end while somebody still talks; that is the services' trouble, not the test's.
            for member in site.members.values():
                member.kill()


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _through(url: str, link: Link) -> str:
    return url.replace(f":{_port(url)}", f":{link.port}")
