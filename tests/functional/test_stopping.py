# SPDX-License-Identifier: Apache-2.0
"""Every service ends soon after SIGTERM, whatever state its peers are in."""

import contextlib
import os
import re
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
import requests

from faafo.fractal.task import FractalTask
from tests.chaos.proxy import Link
from tests.functional.cluster import Cluster
from tests.functional.databases import DatabaseServer
from tests.functional.processes import Service, wait_until
from tests.functional.servers import RabbitMQ

DRAIN_SECONDS = 1.0
# The guarantee is five seconds beyond the drain; the rest is for a machine that does much else.
BOUND_SECONDS = DRAIN_SECONDS + 10


class Site:
    """An API with its database and its broker behind links, and what can happen to them."""

    def __init__(self, cluster: Cluster, api: Service, database: Link, broker: Link) -> None:
        self.cluster = cluster
        self.api = api
        self._database = database
        self._broker = broker

    def state(self, name: str, rabbitmq: RabbitMQ) -> AbstractContextManager[None]:
        """Return a block in which a peer is in the state that ``name`` tells."""
        return {
            "api silent": lambda: _paused(self.api),
            "broker away": lambda: _cut(self._broker),
            "broker silent": lambda: _silent(self._broker),
            "broker blocked": lambda: _blocked(rabbitmq),
            "database silent": lambda: _silent(self._database),
        }[name]()


@contextlib.contextmanager
def _paused(service: Service) -> Iterator[None]:
    os.kill(service.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.pid, signal.SIGCONT)


@contextlib.contextmanager
def _cut(link: Link) -> Iterator[None]:
    link.cut()
    try:
        yield
    finally:
        link.heal()


@contextlib.contextmanager
def _silent(link: Link) -> Iterator[None]:
    link.silence()
    try:
        yield
    finally:
        link.heal()


@contextlib.contextmanager
def _blocked(rabbitmq: RabbitMQ) -> Iterator[None]:
    watermark = "set_vm_memory_high_watermark"
    rabbitmq.rabbitmqctl(rabbitmq.node, [watermark, "0.0000001"])
    try:
        yield
    finally:
        rabbitmq.rabbitmqctl(rabbitmq.node, [watermark, "0.4"])


@pytest.fixture
def site(installation: Site) -> Iterator[Site]:
    """Give a test the site; end its services and delete its fractals, also if it fails."""
    cluster = installation.cluster
    before = len(cluster.services)
    yield installation
    for service in cluster.services[before:]:
        service.kill()
    for record in cluster.records() if installation.api.exit_status is None else []:
        requests.delete(f"{cluster.url}/api/fractal/{record['uuid']}", timeout=120)


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ, database_server: DatabaseServer
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("stopping")
    transport_url = rabbitmq.virtual_host()
    with (
        database_server.database() as url,
        Link(database_server.port) as database,
        Link(rabbitmq.port) as broker,
    ):
        behind_link = url.replace(f":{database_server.port}/", f":{database.port}/")
        broker_url = transport_url.replace(f":{rabbitmq.port}/", f":{broker.port}/")
        with Cluster(directory, behind_link, broker_url) as cluster:
            yield Site(cluster, cluster.start_api(), database, broker)


def post(cluster: Cluster) -> str:
    """Post a fractal that takes long: no attracting cycle ends the loop of its points."""
    task = FractalTask(
        uuid=str(uuid.uuid4()),
        width=1500,
        height=1500,
        iterations=100_000,
        xa=-0.1,
        xb=0.1,
        ya=-0.1,
        yb=0.1,
        cx=0.25,
        cy=0.0,
    )
    return cluster.client.create(task)["uuid"]


def seconds_to_end(services: list[Service], since: float) -> dict[str, float]:
    """Return how long each of ``services`` took to end, and assert that none has failed."""
    ends: dict[str, float] = {}

    def all_have_ended() -> bool:
        for one in services:
            if one.exit_status is not None:
                ends.setdefault(one.name, time.monotonic() - since)
        return len(ends) == len(services)

    wait_until(all_have_ended, "all services to end")
    assert [one.exit_status for one in services] == [0] * len(services)
    return ends


# What a service logs once the state has reached it: until then it does not wait for the peer.
STATES = {
    "api silent": ("producer", "could not renew 1 lease(s)"),
    "broker away": ("busy", "is unreachable"),
    "broker silent": ("producer", "has sent no report for"),
    "broker blocked": ("busy", "has blocked the connection"),
    "database silent": ("producer", "could not renew 1 lease(s)"),
}


@pytest.mark.parametrize("state", STATES)
def test_workers_and_a_producer_end_in_time(site, rabbitmq, state):
    cluster, name = site.cluster, state.replace(" ", "-")
    drain = {"slots": 1, "drain_timeout": DRAIN_SECONDS}
    producer = cluster.start_producer(f"producer-{name}")
    busy = cluster.start_worker(f"busy-{name}", worker=drain)
    fractal = post(cluster)
    idle = cluster.start_worker(f"idle-{name}", wait=False, worker={**drain, "drain_timeout": 60})
    busy.wait_for_line(f"processing task {fractal}")
    ready = idle.wait_for_line("is ready, with")
    # A producer misses the reports of a worker only once it has heard one.
    producer.wait_for_line(re.search(r"(worker \S+ )is ready", ready)[1] + "(faafo")
    services = {"busy": busy, "idle": idle, "producer": producer}
    with site.state(state, rabbitmq):
        who, line = STATES[state]
        services[who].wait_for_line(line)
        told_at = time.monotonic()
        for service in services.values():
            service.tell_to_stop()
        ends = seconds_to_end([*services.values()], told_at)
    assert max(ends.values()) < BOUND_SECONDS, ends


def test_a_second_signal_ends_a_worker_whose_broker_is_blocked(site, rabbitmq):
    cluster = site.cluster
    worker = cluster.start_worker("twice", worker={"slots": 1, "drain_timeout": 600})
    cluster.start_producer("producer-twice")
    fractal = post(cluster)
    worker.wait_for_line(f"processing task {fractal}")
    with site.state("broker blocked", rabbitmq):
        worker.tell_to_stop()
        worker.wait_for_line("SIGTERM received")
        told_at = time.monotonic()
        os.kill(worker.pid, signal.SIGTERM)
        ends = seconds_to_end([worker], told_at)
    assert ends["twice"] < BOUND_SECONDS


def test_an_api_ends_in_time_while_its_database_is_silent(site, rabbitmq):
    with site.state("database silent", rabbitmq):
        told_at = time.monotonic()
        site.api.tell_to_stop()
        ends = seconds_to_end([site.api], told_at)
    assert ends["faafo-api"] < BOUND_SECONDS
