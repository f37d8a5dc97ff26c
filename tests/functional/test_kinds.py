# SPDX-License-Identifier: Apache-2.0
"""Workers of one kind each, and labels: everything completes, or it is said what is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL, run, wait_until
from tests.functional.servers import RabbitMQ

POSTER = SMALL_FRACTAL | {"split": 3}
# Seconds: a heartbeat tells of workers, and who is not seen for so long is down.
SOON = {"service": {"heartbeat_interval": 0.5}}
DOWN = {"service_down_time": 3, "retry_delay": 0.1}


@pytest.fixture
def cluster(rabbitmq: RabbitMQ, transport_url: str, tmp_path: Path) -> Iterator[Cluster]:
    """An API, a producer, and a worker of kind render; joins have a broker of their own."""
    joins = {"joins": {"transport_url": rabbitmq.virtual_host()}}
    with Cluster(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        cluster.start_api(api=DOWN)
        cluster.groups = joins
        cluster.start_producer(patient=True, groups=SOON)
        renders = {"name": "renders", "kinds": "render", "labels": "bigmem"}
        cluster.start_worker("renders", worker=renders)
        yield cluster


def post(cluster: Cluster, **changes) -> str:
    answer = requests.post(f"{cluster.url}/api/fractal", json=POSTER | changes, timeout=60)
    assert answer.status_code == 201, answer.text
    return answer.json()["uuid"]


def test_posters_are_joined_by_a_worker_that_renders_nothing(cluster: Cluster):
    uuid = post(cluster, label="bigmem")
    joins = {"name": "joins", "kinds": "join,film", "labels": "bigmem"}
    cluster.start_worker("joins", worker=joins)
    (poster,) = cluster.wait_until_complete(1)
    assert (poster["uuid"], poster["kind"], poster["generated_by"]) == (uuid, "join", "joins")
    cluster.check_image(poster)
    parts = requests.get(f"{cluster.url}/api/fractal?children={uuid}", timeout=60).json()["objects"]
    assert {one["generated_by"] for one in parts} == {"renders"}


def test_what_no_live_worker_serves_waits_and_page_system_and_registry_say_why(
    cluster: Cluster,
):
    poster, big = post(cluster), post(cluster, label="gpu")
    told = [
        "3 fractals ask for the label gpu, which no live worker has.",
        "1 poster waits to be joined, and no live worker joins posters.",
    ]
    wait_until(lambda: unserved(cluster) == told, "both to be told")
    page = requests.get(f"{cluster.url}/system", timeout=60).text
    assert [one for one in told if one not in page] == []
    assert "render, label bigmem" in page
    assert "No live worker joins posters." in page_of(cluster, poster)
    assert "It asks for the label gpu, which no live worker has." in page_of(cluster, big)
    listed = run(cluster.directory, "faafo", "--url", cluster.url, "service", "list")
    assert listed.stderr.splitlines() == told
    everything = {"name": "everything", "labels": "gpu"}
    cluster.start_worker("everything", worker=everything)
    cluster.wait_until_complete(2)
    wait_until(lambda: unserved(cluster) == [], "nothing to wait")


def unserved(cluster: Cluster) -> list[str]:
    return requests.get(f"{cluster.url}/api/service", timeout=60).json()["unserved"]


def page_of(cluster: Cluster, uuid: str) -> str:
    return requests.get(f"{cluster.url}/fractal/{uuid}", timeout=60).text
