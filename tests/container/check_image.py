# SPDX-License-Identifier: Apache-2.0
"""Each entry point of the image works with real servers, and its health check tells the truth."""

import contextlib
import hashlib
import shutil
from pathlib import Path

import requests

from tests.chaos.proxy import Link
from tests.container.image import ROOT, Container, Image, run
from tests.functional.conftest import (  # noqa: F401
    database_server,
    postgresql,
    postgresql_url,
    rabbitmq,
    server_url,
    transport_url,
)
from tests.functional.processes import SMALL_FILM, SMALL_FRACTAL, wait_until
from tests.functional.servers import RabbitMQ, free_ports

FRACTALS = 10


def test_a_site_of_containers_renders(
    image: Image,
    tmp_path: Path,
    server_url: str,  # noqa: F811
    rabbitmq: RabbitMQ,  # noqa: F811
) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    database = {"DEFAULT__DATABASE_URL": server_url}
    none_generated = {"DEFAULT__MIN_TASKS": "0", "DEFAULT__MAX_TASKS": "0"}
    asks, logs_in = make_users(image, tmp_path)
    with contextlib.ExitStack() as stack, log_in(tmp_path / "admin_password") as api:
        broker = rabbitmq.virtual_host()
        link = stack.enter_context(Link(rabbitmq.port))
        behind = broker.replace(f":{rabbitmq.port}/", f":{link.port}/")
        peer = {"DEFAULT__ENDPOINT_URL": url, "RPC__PULSE_INTERVAL": "2", **logs_in}

        def start(role: str, **options: str) -> Container:
            return stack.enter_context(image.running(tmp_path, role, **options))

        with image.running(tmp_path, "manage db upgrade", **database) as migration:
            assert migration.service.wait_for_end() == 0
        start("api", DEFAULT__BIND_PORT=str(port), **database, **asks).wait_until(healthy=True)
        producer = start("producer", DEFAULT__TRANSPORT_URL=broker, **none_generated, **peer)
        worker = start("worker", DEFAULT__TRANSPORT_URL=behind, STORE__URL="api://", **peer)
        notifier = start("notifier", **peer)
        for one in (producer, worker, notifier):
            one.wait_until(healthy=True)
        for _ in range(FRACTALS):
            assert api.post(f"{url}/api/fractal", json=SMALL_FRACTAL, timeout=30).ok
        wait_until(lambda: len(complete(api, url)) == FRACTALS, f"{FRACTALS} complete fractals")
        for record in complete(api, url):
            image_url = f"{url}/api/fractal/{record['uuid']}/image"
            png = api.get(image_url, timeout=30).content
            assert hashlib.sha256(png).hexdigest() == record["checksum"]
        check_film(api, url)
        link.cut()
        worker.wait_until(healthy=False)
        assert producer.is_healthy()
        link.heal()
        worker.wait_until(healthy=True)


def test_the_api_has_its_database_on_postgresql(
    image: Image,
    tmp_path: Path,
    postgresql_url: str,  # noqa: F811
) -> None:
    (port,) = free_ports(1)
    url, database = f"http://127.0.0.1:{port}", {"DEFAULT__DATABASE_URL": postgresql_url}
    with image.running(tmp_path, "manage db upgrade", **database) as migration:
        assert migration.service.wait_for_end() == 0
    noauth = {"API__INSECURE_NOAUTH": "true"}
    with image.running(tmp_path, "api", DEFAULT__BIND_PORT=str(port), **database, **noauth) as api:
        api.wait_until(healthy=True)
        posted = requests.post(f"{url}/api/fractal", json=SMALL_FRACTAL, timeout=30)
        assert posted.status_code == 201
        record = requests.get(f"{url}/api/fractal/{posted.json()['uuid']}", timeout=30)
        assert record.json()["status"] == "queued"


def test_everything_in_one_container_has_a_login_of_its_own(image: Image, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with image.running(tmp_path, "all", DEFAULT__BIND_PORT=str(port)) as everything:
        everything.wait_until(healthy=True)
        assert requests.get(f"{url}/api/fractal", timeout=30).status_code == 401
        with log_in(everything.path("/var/lib/faafo/admin_password")) as api:
            wait_until(lambda: complete(api, url), "a complete fractal")


def test_an_api_that_others_reach_wants_a_login_or_a_decision(image: Image, tmp_path: Path) -> None:
    with image.running(tmp_path, "api") as api:
        assert api.service.wait_for_end() == 1
        assert "auth_strategy = http_basic" in api.service.log.read_text()


def check_film(api: requests.Session, url: str) -> None:
    """Have a film made that needs an extra."""
    film = SMALL_FILM | {"format": "webm"}
    uuid = api.post(f"{url}/api/film", json=film, timeout=30).json()["uuid"]
    record = f"{url}/api/fractal/{uuid}"
    wait_until(lambda: api.get(record, timeout=30).json()["status"] == "complete", "a film")
    file = api.get(f"{record}/image", timeout=30)
    assert file.headers["Content-Type"] == "video/webm"
    checksum = api.get(record, timeout=30).json()["checksum"]
    assert hashlib.sha256(file.content).hexdigest() == checksum


def make_users(image: Image, directory: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Make users; return the options by which an API asks for a login, and by which others do."""
    run(ROOT / "container/make-users", directory)
    shutil.copy(directory / "users", image.root / "srv")
    (image.root / "srv/users").chmod(0o644)
    asks = {
        "API__AUTH_STRATEGY": "http_basic",
        "API__HTTP_BASIC_AUTH_USER_FILE": "/srv/users",
        "API__SERVICE_USERS": "service",
    }
    logs_in = {
        "SERVICE_AUTH__AUTH_TYPE": "http_basic",
        "SERVICE_AUTH__USERNAME": "service",
        "SERVICE_AUTH__PASSWORD": (directory / "service_password").read_text().strip(),
    }
    return asks, logs_in


def log_in(password: Path) -> requests.Session:
    """Return a session of the user admin."""
    session = requests.Session()
    session.auth = ("admin", password.read_text().strip())
    return session


def complete(api: requests.Session, url: str) -> list[dict]:
    page = api.get(f"{url}/api/fractal?results_per_page=100", timeout=30).json()
    return [one for one in page["objects"] if one["status"] == "complete"]
