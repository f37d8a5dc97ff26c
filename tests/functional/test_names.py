# SPDX-License-Identifier: Apache-2.0
"""A name belongs to one worker, and services find each other again after an exchange is deleted."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest

from faafo.fractal.task import FractalTask
from tests.functional.cluster import OFTEN, Cluster, running
from tests.functional.processes import SMALL_FRACTAL, wait_until

CHECKED = {**OFTEN, "pulse_interval": 0.5}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, rabbitmq_url: str) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("names")
    with running(directory, f"sqlite:///{directory}/faafo.sqlite", rabbitmq_url) as cluster:
        yield cluster


@pytest.fixture
def cluster(installation: Cluster, tmp_path: Path, transport_url: str) -> Iterator[Cluster]:
    """The API, and a broker for the services of a test."""
    with installation.lent(tmp_path, transport_url) as cluster:
        yield cluster


def post(cluster: Cluster) -> str:
    return cluster.client.create(FractalTask(uuid=str(uuid.uuid4()), **SMALL_FRACTAL))["uuid"]


def is_complete(cluster: Cluster, fractal: str) -> bool:
    return cluster.client.get(fractal)["status"] == "complete"


def test_a_second_worker_of_one_name_ends_and_the_first_one_renders(cluster):
    named = {"worker": {"name": "twin", "slots": 1}, "rpc": CHECKED}
    cluster.start_worker("first", **named)
    second = cluster.start_worker("second", wait=False, **named)
    assert second.wait_for_end() == 1
    (line,) = second.lines_with("ERROR")
    assert "[worker] name = twin: this name is taken" in line
    assert "Traceback" not in second.output()
    cluster.start_producer()
    fractal = post(cluster)
    wait_until(lambda: is_complete(cluster, fractal), "the fractal")


def test_of_two_workers_of_one_name_that_start_together_one_ends(cluster):
    named = {"worker": {"name": "twin", "slots": 1}, "rpc": CHECKED}
    twins = [cluster.start_worker(name, wait=False, **named) for name in ("castor", "pollux")]
    wait_until(lambda: any(one.exit_status is not None for one in twins), "one of them to end")
    cluster.start_producer()
    fractal = post(cluster)
    wait_until(lambda: is_complete(cluster, fractal), "the fractal")
    assert sorted(str(one.exit_status) for one in twins) == ["1", "None"]
    (ended,) = [one for one in twins if one.exit_status == 1]
    assert ended.lines_with("this name is taken")


def test_a_worker_may_start_again_under_its_name(cluster):
    named = {"worker": {"name": "again", "slots": 1}, "rpc": CHECKED}
    cluster.start_worker("killed", **named).kill()
    cluster.start_worker("stopped", **named).stop()
    cluster.start_worker("last", **named)


@pytest.mark.parametrize("exchange", ["producers_fanout", "faafo"])
def test_fractals_are_rendered_after_an_exchange_was_deleted(cluster, transport_url, exchange):
    cluster.start_worker("worker", rpc=CHECKED)
    producer = cluster.start_producer()
    first = post(cluster)
    wait_until(lambda: is_complete(cluster, first), "the first fractal")
    url = transport_url.replace("rabbit://", "amqp://")
    with kombu.Connection(url) as connection:
        connection.default_channel.exchange_delete(exchange)
    if exchange == "producers_fanout":
        producer.wait_for_line("listening again")
    second = post(cluster)
    wait_until(lambda: is_complete(cluster, second), "the second fractal")
