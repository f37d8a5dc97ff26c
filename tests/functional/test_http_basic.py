# SPDX-License-Identifier: Apache-2.0
"""All services with ``auth_strategy = http_basic``: producers and workers log in like users."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from faafo.client.keystone import REQUIRED
from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL, run, wait_until, write_config
from tests.htpasswd import user_line

USER, SERVICE = ("ada", "S3Cret"), ("faafo", "S3C/s@cret")
AUTH_GROUP = {"auth_type": "http_basic", **dict(zip(REQUIRED["http_basic"], SERVICE, strict=True))}


def write_users(path: Path, *users: tuple[str, str]) -> None:
    """Write an htpasswd file in one step, as an administrator should."""
    new = path.with_suffix(".new")
    new.write_text("".join(user_line(*user) for user in users))
    new.replace(path)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users"
    write_users(path, USER, SERVICE)
    return path


@pytest.fixture
def cluster(tmp_path: Path, transport_url: str, users: Path) -> Iterator[Cluster]:
    """An API that asks for a login, and a worker that uploads its images there."""
    api = {
        "auth_strategy": "http_basic",
        "http_basic_auth_user_file": users,
        "service_users": SERVICE[0],
    }
    with Cluster(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        cluster.start_api(api=api)
        cluster.start_worker(store={"url": "api://"}, service_auth=AUTH_GROUP)
        yield cluster


def complete(cluster: Cluster) -> list[str]:
    answer = requests.get(f"{cluster.url}/api/fractal", auth=USER, timeout=120)
    assert answer.status_code == 200, answer.text
    return [one["uuid"] for one in answer.json()["objects"] if one["status"] == "complete"]


def test_what_a_producer_generates_is_rendered_stored_and_shown_to_users_only(
    tmp_path, cluster, transport_url
):
    config = write_config(
        tmp_path / "once.conf",
        DEFAULT={
            "endpoint_url": cluster.url,
            "transport_url": transport_url,
            "one_shot": True,
            "min_tasks": 5,
            "max_tasks": 5,
        },
        service_auth=AUTH_GROUP,
        producer={"style": "classic"},
    )
    done = run(tmp_path, "faafo-producer", "--config-file", config)
    assert done.returncode == 0, done.stderr
    assert "5 of 5 task(s) complete" in done.stderr
    (one, *_others) = found = complete(cluster)
    assert len(found) == 5
    image = f"{cluster.url}/api/fractal/{one}/image"
    assert requests.get(image, auth=USER, timeout=120).content.startswith(b"\x89PNG")
    for path in ("/", f"/fractal/{one}", f"/api/fractal/{one}", f"/api/fractal/{one}/image"):
        assert requests.get(cluster.url + path, timeout=120).status_code == 401
    written = "".join(service.output() for service in cluster.services) + done.stderr
    assert "S3C" not in written


def test_nothing_is_lost_while_the_password_of_the_services_is_not_valid(cluster, users):
    cluster.start_producer(groups={"service_auth": AUTH_GROUP})

    def post() -> str:
        fractal = {**SMALL_FRACTAL, "uuid": str(uuid.uuid4())}
        posted = requests.post(f"{cluster.url}/api/fractal", json=fractal, auth=USER, timeout=120)
        assert posted.status_code == 201
        return fractal["uuid"]

    first = post()
    wait_until(lambda: complete(cluster) == [first], "the first fractal")
    write_users(users, USER, (SERVICE[0], "another"))
    api, worker, _producer = cluster.services
    worker.wait_for_line("401, the user name or the password is wrong")
    more = [post() for _ in range(5)]
    write_users(users, USER, SERVICE)
    wait_until(lambda: sorted(complete(cluster)) == sorted([first, *more]), "all fractals")
    records = requests.get(f"{cluster.url}/api/fractal", auth=USER, timeout=120).json()["objects"]
    assert {one["failures"] for one in records} == {0}
    assert "http_basic_auth_user_file" in api.output()
