# SPDX-License-Identifier: Apache-2.0
"""Each entry point of the image works with real servers, and its health check tells the truth."""

import contextlib
import hashlib
from pathlib import Path

import requests

from tests.chaos.proxy import Link
from tests.container.image import Container, Image
from tests.functional.conftest import mariadb, mariadb_url, rabbitmq, transport_url  # noqa: F401
from tests.functional.processes import SMALL_FRACTAL, wait_until
from tests.functional.servers import RabbitMQ, free_ports

FRACTALS = 10


def test_a_site_of_containers_renders(
    image: Image,
    tmp_path: Path,
    mariadb_url: str,  # noqa: F811
    rabbitmq: RabbitMQ,  # noqa: F811
) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    database = {"DEFAULT__DATABASE_URL": mariadb_url}
    none_generated = {"DEFAULT__MIN_TASKS": "0", "DEFAULT__MAX_TASKS": "0"}
    with contextlib.ExitStack() as stack:
        broker = rabbitmq.virtual_host()
        link = stack.enter_context(Link(rabbitmq.port))
        behind = broker.replace(f":{rabbitmq.port}/", f":{link.port}/")
        peer = {"DEFAULT__ENDPOINT_URL": url, "RPC__PULSE_INTERVAL": "2"}

        def start(role: str, **options: str) -> Container:
            return stack.enter_context(image.running(tmp_path, role, **options))

        with image.running(tmp_path, "manage db upgrade", **database) as migration:
            assert migration.service.wait_for_end() == 0
        api = start("api", DEFAULT__BIND_PORT=str(port), **database)
        api.wait_until(healthy=True)
        producer = start("producer", DEFAULT__TRANSPORT_URL=broker, **none_generated, **peer)
        worker = start("worker", DEFAULT__TRANSPORT_URL=behind, STORE__URL="api://", **peer)
        for one in (producer, worker):
            one.wait_until(healthy=True)
        for _ in range(FRACTALS):
            assert requests.post(f"{url}/api/fractal", json=SMALL_FRACTAL, timeout=30).ok
        wait_until(lambda: len(complete(url)) == FRACTALS, f"{FRACTALS} complete fractals")
        for record in complete(url):
            image_url = f"{url}/api/fractal/{record['uuid']}/image"
            png = requests.get(image_url, timeout=30).content
            assert hashlib.sha256(png).hexdigest() == record["checksum"]
        link.cut()
        worker.wait_until(healthy=False)
        assert producer.is_healthy()
        link.heal()
        worker.wait_until(healthy=True)


def test_everything_in_one_container(image: Image, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with image.running(tmp_path, "all", DEFAULT__BIND_PORT=str(port)) as everything:
        everything.wait_until(healthy=True)
        wait_until(lambda: complete(f"http://127.0.0.1:{port}"), "a complete fractal")


def complete(url: str) -> list[dict]:
    page = requests.get(f"{url}/api/fractal?results_per_page=100", timeout=30).json()
    return [one for one in page["objects"] if one["status"] == "complete"]
