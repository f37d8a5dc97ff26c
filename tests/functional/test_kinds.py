# SPDX-License-Identifier: Apache-2.0
"""Workers of one kind each, and labels: everything completes, or it is said what is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL
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
