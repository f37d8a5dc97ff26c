# SPDX-License-Identifier: Apache-2.0
"""A render that its producer has given up is cancelled."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from faafo.fractal.task import FractalTask
from tests.functional.cluster import Cluster, running
from tests.functional.processes import wait_until


@pytest.fixture
def cluster(tmp_path: Path, transport_url: str) -> Iterator[Cluster]:
    with running(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        yield cluster


def post(cluster: Cluster, iterations: int) -> str:
    """Post a fractal whose points all take ``iterations`` steps."""
    task = FractalTask(
        uuid=str(uuid.uuid4()),
        width=1500,
        height=1500,
        iterations=iterations,
        xa=-0.1,
        xb=0.1,
        ya=-0.1,
        yb=0.1,
        cx=0.25,
        cy=0.0,
    )
    return cluster.client.create(task)["uuid"]


def test_the_render_of_a_frozen_worker_is_cancelled_when_it_goes_on(cluster):
    worker = cluster.start_worker()
    cluster.start_producer()
    long = post(cluster, 100_000)
    worker.wait_for_line(f"processing task {long}")
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: cluster.client.get(long)["fault"], "the fault")
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert "no heartbeat for 3 s" in cluster.client.get(long)["fault"]
    worker.wait_for_line(f"task {long} is cancelled")
    requests.delete(f"{cluster.url}/api/fractal/{long}", timeout=120)
    short = post(cluster, 20)
    wait_until(lambda: cluster.client.get(short)["status"] == "complete", "the short one")
