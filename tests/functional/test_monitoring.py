# SPDX-License-Identifier: Apache-2.0
"""Prometheus scrapes every role of one stack, and each alert fires by a cause that is real."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from faafo.metrics.catalogue import ROLES
from tests.functional.cluster import Cluster
from tests.functional.databases import DatabaseServer
from tests.functional.processes import SMALL_FRACTAL, Service, wait_until, write_config
from tests.functional.prometheus import Prometheus
from tests.functional.redis_server import Redis
from tests.functional.servers import ADDRESS, RabbitMQ, free_ports, started

ETC = Path(__file__).parents[2] / "etc"
RULES = (ETC / "prometheus/faafo-alerts.yaml").read_text()
DASHBOARD = (ETC / "grafana/faafo.json").read_text()
LOCAL = {"egress_allowed": "127.0.0.0/8"}
# A second or two, so that there is time to break what it needs at the end.
LONG = SMALL_FRACTAL | {"width": 1100, "height": 1100, "iterations": 20_000, "cx": 0.25, "cy": 0.0}
ENDLESS = LONG | {"width": 2000, "height": 12_000, "iterations": 100_000}
# What is more than 0 once a fractal is complete.
COUNTED = [
    "faafo_posted_total",
    "faafo_claimed_total",
    "faafo_completed_total",
    "faafo_queue_seconds_count",
    'faafo_services{kind="worker",state="up"}',
    "faafo_database_up",
    "faafo_producer_workers",
    "faafo_producer_backlog_seconds_count",
    'faafo_producer_rpc_seconds_count{outcome="done"}',
    "faafo_worker_slots",
    "faafo_worker_render_seconds_count",
    "faafo_worker_store_seconds_count",
    'faafo_notifier_deliveries_total{target="bus",outcome="delivered"}',
    'faafo_reader_events_total{outcome="stored"}',
    "faafo_reader_redis_up",
]
# Expired leases are dead letters at once.
QUICK = {
    "max_attempts": 1,
    "retry_delay": 0,
    "retry_delay_max": 0,
    "service_down_time": 3,
}


def hurried(rules: str) -> str:
    """Return ``rules`` with shorter durations, and nothing else changed."""
    # Those that a machine may cause by being busy for a moment wait for a moment more.
    slow = "FaafoTargetDown|FaafoServiceLost|FaafoNoWorker|FaafoQueueOld"
    rules = re.sub(rf"(alert: (?:{slow})\n.+\n +for): \d+m$", r"\1: 2s", rules, flags=re.MULTILINE)
    rules = re.sub(r"\bfor: \d+m$", "for: 0s", rules, flags=re.MULTILINE)
    rules = re.sub(r"\[\d+[mh]\]", "[4s]", rules)
    return rules.replace("oldest_queued_seconds) > 600", "oldest_queued_seconds) > 1")


class Stack:
    """One service of each role, with the port of its metrics."""

    def __init__(self, cluster: Cluster, redis: Redis, transport_url: str) -> None:
        self.cluster = cluster
        self.ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
        self._redis = redis
        self._events = {"transport_url": transport_url}
        self._others = contextlib.ExitStack()

    def __enter__(self) -> "Stack":
        self.cluster.groups = {"service": {"heartbeat_interval": 0.5}}
        self.cluster.start_api(**self._metrics("api"), api=QUICK, webhook=LOCAL)
        worker = self.start_worker()
        self.start_producer()
        default = {"endpoint_url": self.cluster.url}
        places = {"redis_url": self._redis.url}
        notifier = self._start("notifier", DEFAULT=default, webhook=LOCAL)
        reader = self._start("reader", reader=places)
        # Until then it has no slots.
        worker.wait_for_line("is ready, with")
        notifier.wait_for_line("is ready")
        reader.wait_for_line("listens for events")
        return self

    def __exit__(self, *_: Any) -> None:
        # How services end without a database and a Redis is no matter of this test.
        for one in self.cluster.services:
            one.kill()
        self._others.close()

    def start_worker(self) -> Service:
        save = {"save_timeout": 0}
        return self.cluster.start_worker(wait=False, store=save, **self._metrics("worker"))

    def start_producer(self) -> Service:
        return self.cluster.start_producer(groups=self._metrics("producer"))

    def post(self, body: dict[str, Any]) -> str:
        answer = requests.post(f"{self.cluster.url}/api/fractal", json=body, timeout=120)
        assert answer.status_code == 201, answer.text
        return answer.json()["uuid"]

    def wait_for(self, uuid: str, status: str) -> None:
        wait_until(lambda: self.status_of(uuid) == status, f"{uuid} to be {status}")

    def status_of(self, uuid: str) -> str:
        return requests.get(f"{self.cluster.url}/api/fractal/{uuid}", timeout=120).json()["status"]

    def _start(self, role: str, **groups: dict[str, Any]) -> Service:
        path = self.cluster.directory / f"{role}.conf"
        config = write_config(path, events=self._events, **self._metrics(role), **groups)
        service = Service(path.parent, f"faafo-{role}", "--config-file", config)
        self._others.callback(service.kill)
        return service

    def _metrics(self, role: str) -> dict[str, dict[str, Any]]:
        return {"metrics": {"bind": f"{ADDRESS}:{self.ports[role]}"}}


@pytest.fixture(scope="module")
def stack(
    rabbitmq: RabbitMQ,
    database_server: DatabaseServer,
    redis_server: Redis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("monitoring")
    transport_url = rabbitmq.virtual_host()
    with (
        database_server.database() as url,
        Cluster(directory, url, transport_url) as cluster,
        Stack(cluster, redis_server, transport_url) as stack,
    ):
        yield stack


@pytest.fixture(scope="module")
def prometheus(stack: Stack) -> Iterator[Prometheus]:
    jobs = {f"faafo-{role}": port for role, port in stack.ports.items()}
    with started(Prometheus, targets=jobs, rules=hurried(RULES)) as server:
        yield server


def test_prometheus_gets_every_metric_and_the_dashboard_shows_them(
    stack: Stack, prometheus: Prometheus
) -> None:
    stack.wait_for(stack.post(SMALL_FRACTAL), "complete")
    expected = {
        (f"faafo-{role}", f"{one.name}_count" if one.kind == "histogram" else one.name)
        for role, instruments in ROLES.items()
        for one in instruments
    }

    def missing() -> set[tuple[str, ...]]:
        return expected - prometheus.labels('{__name__=~"faafo_.+"}', "job", "__name__")

    wait_until(lambda: not missing(), "every metric")
    for one in COUNTED:
        wait_until(lambda one=one: prometheus.knows(f"{one} > 0"), f"{one} > 0")
    for panel in json.loads(DASHBOARD)["panels"]:
        for one in panel.get("targets", []):
            shown = one["expr"].replace("$__rate_interval", "1m")
            wait_until(lambda shown=shown: prometheus.knows(shown), f"a series of {shown}")
    for port in stack.ports.values():
        page = requests.get(f"http://{ADDRESS}:{port}/metrics", timeout=60).text
        check = ["promtool", "check", "metrics"]
        done = subprocess.run(check, input=page, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_alert_fires_by_its_cause_and_none_before(
    stack: Stack, prometheus: Prometheus, redis_server: Redis, database_server: DatabaseServer
) -> None:
    def wait_for(*names: str) -> None:
        wait_until(lambda: prometheus.fired() >= set(names), f"alerts {names}")

    # Beside much else a service may be late with a heartbeat, and be lost for a moment.
    wait_until(lambda: prometheus.fired() == set(), "no alert")
    producer, worker = stack.cluster.services[-1], stack.cluster.services[-2]
    # A receiver that is not there.
    (closed,) = free_ports(1)
    stack.post(SMALL_FRACTAL | {"callback_url": f"http://{ADDRESS}:{closed}/"})
    wait_for("FaafoDeliveriesFail")
    # Producer and worker die; somebody else finds the lease that has expired.
    stack.wait_for(stack.post(ENDLESS), "rendering")
    stack.post(SMALL_FRACTAL)
    for one in (producer, worker):
        one.kill()
    wait_for("FaafoTargetDown", "FaafoNoWorker", "FaafoQueueOld", "FaafoServiceLost")

    def is_dead() -> bool:
        wanted = {"claimed_by": "me", "count": 1, "lease": 1}
        requests.post(f"{stack.cluster.url}/api/claim", json=wanted, timeout=120)
        return bool(stack.cluster.records("error"))

    wait_until(is_dead, "a dead letter")
    wait_for("FaafoLeasesExpire", "FaafoDeadLetters")
    # The image store cannot be written any more.
    stack.start_producer()
    stack.start_worker().wait_for_line("is ready, with")
    stack.wait_for(stack.post(LONG), "rendering")
    images = stack.cluster.images
    images.rename(images.with_name("gone"))
    images.write_text("")
    wait_for("FaafoWorkerFailures", "FaafoWorkerWithoutSlots")
    with database_server.refusing():
        requests.get(f"{stack.cluster.url}/api/fractal", timeout=120)
        wait_for("FaafoDatabaseUnavailable", "FaafoServerErrors")
    redis_server.kill()
    stack.post(SMALL_FRACTAL)
    wait_for("FaafoRedisUnavailable")
    rules = yaml.safe_load(RULES)["groups"][0]["rules"]
    assert prometheus.fired() == {one["alert"] for one in rules}
