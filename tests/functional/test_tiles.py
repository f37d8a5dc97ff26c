# SPDX-License-Identifier: Apache-2.0
"""Tiles from real workers through a real broker: the pixels, the headers, and nobody there."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from faafo.fractal.tile import parse_view
from faafo.render.image import render
from tests.functional.cluster import Cluster
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ

RABBIT = {"cx": "-0.12256", "cy": "0.74486", "iterations": "200"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ) -> Iterator[Cluster]:
    """An API with one worker."""
    directory, url = tmp_path_factory.mktemp("served"), rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        cluster.start_api(tiles={"transport_url": url, "timeout": 2.0})
        cluster.start_worker("w-1")
        yield cluster


@pytest.fixture
def cluster(tmp_path: Path, transport_url: str) -> Iterator[Cluster]:
    """An API that knows the broker, without a worker, and gives up soon."""
    with Cluster(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        cluster.start_api(tiles={"transport_url": transport_url, "timeout": 0.5})
        yield cluster


def get(cluster: Cluster, place: str, headers=None, **style: str) -> requests.Response:
    return requests.get(
        f"{cluster.url}/tile/{place}.png", {**RABBIT, **style}, headers=headers, timeout=120
    )


def wait_for_tile(cluster: Cluster, place: str, **style: str) -> requests.Response:
    """Ask until a worker answers, as a page does."""
    return wait_until(lambda: get(cluster, place, **style), "a tile")


@pytest.mark.parametrize(
    ("place", "palette"),
    [("0/0/0", "original"), ("5/11/20", "ember"), ("42/2199023255552/2199023255551", "dawn")],
)
def test_a_tile_has_the_pixels_that_the_kernel_gives_for_its_window(served, place, palette):
    answer = wait_for_tile(served, place, palette=palette)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert 'desc="' in answer.headers["Server-Timing"]
    z, x, y = place.split("/")
    view = parse_view({"z": z, "x": x, "y": y, "palette": palette, **RABBIT})
    image = Image.open(io.BytesIO(answer.content))
    assert (image.mode, image.size) == ("P", (256, 256))
    assert image.convert("RGB").tobytes() == render(view.task()).convert("RGB").tobytes()


def test_without_a_worker_the_answer_is_503_until_there_is_one_again(cluster):
    answer = get(cluster, "0/0/0")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    # Until the broker has let the API in, the answer says that instead.
    nobody = "no worker has answered within 0.5 s"
    wait_until(lambda: nobody in get(cluster, "0/0/0").json()["message"], "the broker")
    # The rest of the API does not wait for tiles that nobody renders.
    answers = [get(cluster, "0/0/0", iterations=str(n)) for n in range(1, 4)]
    assert {answer.status_code for answer in answers} == {503}
    assert requests.get(f"{cluster.url}/healthcheck", timeout=120).ok
    worker = cluster.start_worker("w-1")
    fingerprint = wait_for_tile(cluster, "0/0/0").headers["ETag"]
    worker.stop()
    wait_until(lambda: get(cluster, "0/0/0").status_code == 503, "the worker to be missed")
    kept = get(cluster, "0/0/0", headers={"If-None-Match": fingerprint})
    assert kept.status_code == 304, "what is known already needs no worker"
    cluster.start_worker("w-2")
    wait_for_tile(cluster, "0/0/0")


def test_workers_share_the_tiles(served):
    served.start_worker("w-2")
    seen = set()

    def both_have_answered() -> bool:
        answer = get(served, "3/4/4", iterations=str(100 + len(seen)))
        if answer.status_code == 200:
            seen.add(answer.headers["Server-Timing"].partition("desc=")[2])
        return len(seen) == 2

    wait_until(both_have_answered, "a tile from each worker")


def test_tiles_may_have_a_broker_of_their_own(tmp_path, rabbitmq, transport_url):
    other = rabbitmq.virtual_host()
    with Cluster(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        tiles = {"transport_url": other}
        cluster.start_api(tiles=tiles)
        cluster.start_worker("w-1", tiles=tiles)
        wait_for_tile(cluster, "0/0/0")
        durable = {url: rabbitmq.queues(url) for url in (transport_url, other)}
        assert durable[transport_url]["tasks"] is True
        assert "tiles" not in durable[transport_url]
        assert durable[other]["tiles"] is False
        assert "tasks" not in durable[other]


def test_tiles_come_again_after_the_broker_was_killed(served, rabbitmq):
    wait_for_tile(served, "0/0/0")
    rabbitmq.kill()
    try:
        assert get(served, "0/0/0", iterations="77").status_code == 503
        assert requests.get(f"{served.url}/healthcheck", timeout=120).ok
    finally:
        rabbitmq.start()
    wait_for_tile(served, "0/0/0", iterations="78")
