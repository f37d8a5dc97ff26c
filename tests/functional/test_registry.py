# SPDX-License-Identifier: Apache-2.0
"""The registry of services: who is there, who is down, and what a disabled worker still does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from faafo.fractal.service import service_id
from tests.functional.cluster import Cluster
from tests.functional.databases import DatabaseServer
from tests.functional.processes import SMALL_FRACTAL, Service, wait_until, write_config
from tests.functional.servers import RabbitMQ

# About a second of a core.
LONG = SMALL_FRACTAL | {"width": 700, "height": 700, "iterations": 20_000, "cx": 0.25, "cy": 0.0}
FRACTALS = 6
OFTEN: dict[str, Any] = {"heartbeat_interval": 0.5}
GROUPS: dict[str, dict[str, Any]] = {"service": OFTEN, "api": {"service_down_time": 3}}
WORKERS = ("worker-a", "worker-b", "worker-c")
# Seconds until all are listed, at the default interval.
LISTED_SECONDS = 15.0


class Site:
    """Two APIs, two producers, three workers, a notifier."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        directory = cluster.directory
        self.twin = Service(
            directory, "faafo-api", "--config-file", directory / "api.conf", name="twin"
        )
        cluster.services.append(self.twin)
        for name in WORKERS:
            named = {"slots": 1, "name": name}
            cluster.start_worker(name, wait=False, worker=named, service=OFTEN)
        for name in ("producer-a", "producer-b"):
            groups: dict[str, dict[str, Any]] = {"producer": {"name": name}, "service": OFTEN}
            cluster.start_producer(name, patient=True, groups=groups)
        options = {"endpoint_url": cluster.url}
        config = write_config(directory / "notifier.conf", DEFAULT=options, service=OFTEN)
        self.notifier = Service(directory, "faafo-notifier", "--config-file", config)
        cluster.services.append(self.notifier)

    def service(self, name: str) -> Service:
        """Return the process of that name."""
        return next(one for one in self.cluster.services if one.name == name)

    def states(self, kind: str = "") -> list[tuple[str, str]]:
        """Return kind and state of each service, or name and state of those of a kind."""
        found = self._get(f"?kind={kind}" if kind else "")["services"]
        return sorted((one["name" if kind else "kind"], one["state"]) for one in found)

    def state_of(self, name: str) -> str:
        """Return the state of a worker."""
        return dict(self.states("worker"))[name]

    def change(self, kind: str, name: str, **change: Any) -> None:
        """Disable a service, or enable it."""
        url = f"{self.cluster.url}/api/service/{service_id(kind, name)}"
        answer = requests.patch(url, json=change, timeout=60)
        assert answer.status_code == 200, answer.text

    def _get(self, path: str) -> dict[str, Any]:
        return requests.get(f"{self.cluster.url}/api/service{path}", timeout=60).json()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, database_server: DatabaseServer, rabbitmq: RabbitMQ
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    with (
        database_server.database() as database_url,
        Cluster(directory, database_url, rabbitmq.virtual_host()) as cluster,
    ):
        cluster.groups = GROUPS
        cluster.start_api()
        yield Site(cluster)
        # How services end is not what this is about.
        for service in cluster.services:
            service.kill()


def renders_of(worker: Service) -> list[str]:
    """Return the uuids of the fractals whose renders a worker has begun."""
    return re.findall(r"processing task (\S+)", worker.output())


def test_all_services_are_listed(site: Site) -> None:
    site.service("worker-c").wait_for_line("is ready, with")
    everybody = ["api"] * 2 + ["notifier"] + ["producer"] * 2 + ["worker"] * 3
    expected = [(kind, "up") for kind in everybody]
    wait_until(lambda: site.states() == expected, "all services", LISTED_SECONDS)


def test_a_worker_that_is_disabled_finishes_its_render_and_gets_nothing_more(site: Site) -> None:
    cluster, worker = site.cluster, site.service("worker-a")
    for _ in range(FRACTALS):
        requests.post(f"{cluster.url}/api/fractal", json=LONG, timeout=60)
    worker.wait_for_line("processing task")
    site.change("worker", "worker-a", disabled=True, reason="an upgrade")
    worker.wait_for_line("worker worker-a is disabled: an upgrade")
    begun = renders_of(worker)
    assert cluster.records("queued")
    records = cluster.wait_until_complete(FRACTALS)
    assert renders_of(worker) == begun
    # Whatever it had begun it has finished: nothing was rendered twice.
    everywhere = [uuid for name in WORKERS for uuid in renders_of(site.service(name))]
    assert sorted(everywhere) == sorted(one["uuid"] for one in records)
    assert {one["failures"] for one in records} == {0}
    by_worker = {one["uuid"]: one["generated_by"] for one in records}
    assert {by_worker[uuid] for uuid in begun} == {"worker-a"}
    assert set(by_worker.values()) == set(WORKERS)
    assert site.state_of("worker-a") == "disabled"


def test_a_worker_that_is_enabled_renders_again_without_a_restart(site: Site) -> None:
    cluster, others = site.cluster, WORKERS[1:]
    site.change("worker", "worker-a", disabled=False)
    site.service("worker-a").wait_for_line("worker worker-a is enabled")
    wait_until(lambda: site.state_of("worker-a") == "up", "worker-a to be up")
    for name in others:
        site.change("worker", name, disabled=True, reason="it is the turn of worker-a")
    for name in others:
        site.service(name).wait_for_line(f"worker {name} is disabled")
    uuid = requests.post(f"{cluster.url}/api/fractal", json=SMALL_FRACTAL, timeout=60).json()[
        "uuid"
    ]
    cluster.wait_until_complete(FRACTALS + 1)
    assert uuid in renders_of(site.service("worker-a"))
    for name in others:
        site.change("worker", name, disabled=False)


def test_a_disabled_producer_claims_nothing_until_it_is_enabled(site: Site) -> None:
    cluster = site.cluster
    for name in ("producer-a", "producer-b"):
        site.change("producer", name, disabled=True, reason="an upgrade")
    for name in ("producer-a", "producer-b"):
        site.service(name).wait_for_line(f"producer {name} is disabled: an upgrade")
    requests.post(f"{cluster.url}/api/fractal", json=SMALL_FRACTAL, timeout=60)
    wait_until(lambda: ("producer-a", "disabled") in site.states("producer"), "the state")
    assert len(cluster.records("queued")) == 1
    site.change("producer", "producer-b", disabled=False)
    cluster.wait_until_complete(FRACTALS + 2)


def test_what_is_killed_is_down_and_what_ends_is_no_longer_listed(site: Site) -> None:
    site.service("worker-b").kill()
    site.notifier.stop()
    site.service("worker-c").stop()
    wait_until(lambda: site.state_of("worker-b") == "down", "worker-b to be down")
    wait_until(lambda: site.states("notifier") == [], "the notifier to be gone")
    wait_until(lambda: len(site.states("worker")) == 2, "worker-c to be gone")
    site.cluster.services = [
        one
        for one in site.cluster.services
        if one.name not in ("worker-b", "worker-c", "faafo-notifier")
    ]
