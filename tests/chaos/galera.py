# SPDX-License-Identifier: Apache-2.0
"""Rows: a Galera cluster of three nodes, with an API on each of two, loses one of them."""

import contextlib
from collections.abc import Callable, Iterator
from random import Random

from tests.chaos.deaths import ALL_SLOTS, SLOTS, WORKERS
from tests.chaos.lab import Lab, Line, Scale, play
from tests.chaos.site import Site, pause
from tests.functional.galera import GaleraCluster, GaleraNode, galera_cluster

APIS = 2


def killed_galera_nodes(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of one of 3 Galera nodes, two of which have an API"""

    def kill(node: GaleraNode) -> None:
        node.kill()
        pause(scale.away / 3)
        node.join()

    return _with_cluster(lab, rng, scale, kill)


def divided_galera(lab: Lab, rng: Random, scale: Scale) -> Line:
    """one of 3 Galera nodes cut off from the others, two of which have an API"""

    def cut_off(node: GaleraNode) -> None:
        node.cut_off()
        pause(scale.away / 3)
        node.reconnect()

    return _with_cluster(lab, rng, scale, cut_off)


def _with_cluster(lab: Lab, rng: Random, scale: Scale, harm: Callable[[GaleraNode], None]) -> Line:
    with galera_cluster() as cluster, _site(lab, cluster) as site:
        # Nodes with an API at least once each, in turn.
        count = max(APIS, scale.faults) if scale.full else 1

        def fault_of(node: GaleraNode) -> Callable[[], None]:
            def lose_node() -> None:
                harm(node)

            return lose_node

        first = rng.randrange(len(cluster.nodes))
        chosen = [cluster.nodes[(first + number) % len(cluster.nodes)] for number in range(count)]
        lasting = scale.away / 3 * count
        return play(
            site, rng, scale, [fault_of(node) for node in chosen], ALL_SLOTS, lasting=lasting
        )


@contextlib.contextmanager
def _site(lab: Lab, cluster: GaleraCluster) -> Iterator[Site]:
    """Give a site whose APIs are on different nodes, each with a producer of its own."""
    on_cluster = Lab(lab.directory, lab.rabbitmq, cluster, lab.login)
    with on_cluster.site() as site:
        name = site.database_url.rpartition("/")[2]
        for number, node in enumerate(cluster.nodes[:APIS], 1):
            site.database_url = f"{node.url}/{name}"
            url = site.add_api(f"api-{number}")
            site.add_producer(f"producer-{number}", url)
        for number in range(1, WORKERS + 1):
            site.add_worker(f"worker-{number}", SLOTS)
        yield site
