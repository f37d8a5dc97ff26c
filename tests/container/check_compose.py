# SPDX-License-Identifier: Apache-2.0
"""``compose.yaml``, started with a real daemon: the gallery fills, and outlives its containers."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from tests.container.engine import PROJECT, Engine
from tests.functional.processes import wait_until

URL = "http://127.0.0.1:8000"
API = requests.Session()
SERVICES = {
    **{"database": 1, "broker": 1, "api": 3, "proxy": 1},
    **{"producer": 2, "worker": 3, "notifier": 2},
}
OURS = ("api", "producer", "worker", "notifier", "migrate")


@pytest.fixture(scope="module")
def site(engine: Engine) -> Iterator[Engine]:
    """All services, once each container is healthy."""
    API.auth = ("admin", engine.secret("admin_password"))
    engine.compose("up", "--detach")
    try:
        wait_until(lambda: healthy(engine) == SERVICES, "all services to be healthy", 300)
        yield engine
    finally:
        print(engine.compose("logs", "--tail=20"))
        engine.compose("down", "--volumes", "--timeout=60")


def healthy(engine: Engine) -> dict[str, int]:
    return Counter(one["Service"] for one in engine.containers() if one["Health"] == "healthy")


def complete() -> list[dict]:
    query = '{"filters":[{"name":"status","op":"==","val":"complete"}]}'
    parameters = {"q": query, "results_per_page": 100}
    return API.get(f"{URL}/api/fractal", params=parameters, timeout=30).json()["objects"]


def check_images(records: list[dict]) -> None:
    for record in records:
        png = API.get(f"{URL}/api/fractal/{record['uuid']}/image", timeout=30).content
        assert hashlib.sha256(png).hexdigest() == record["checksum"]


def test_compose_takes_postgresql_in_place_of_mariadb(engine: Engine) -> None:
    files = [f"--file={PROJECT}/{name}" for name in ("compose.yaml", "container/postgresql.yaml")]
    configuration = json.loads(engine.compose(*files, "config", "--format=json"))
    database = configuration["services"]["database"]
    assert not [name for name in database["environment"] if "MARIADB" in name]
    (volume,) = database["volumes"]
    assert volume["source"] == "postgresql"
    path = configuration["secrets"]["database_url"]["file"]
    assert engine.secret(path.removeprefix(f"{PROJECT}/secrets/")).startswith("postgresql://")


def test_the_gallery_fills(site: Engine) -> None:
    def three_workers_have_rendered() -> bool:
        return len({one["generated_by"] for one in complete()}) == SERVICES["worker"]

    wait_until(three_workers_have_rendered, "fractals of all workers", 120)
    check_images(complete())
    assert "<img" in API.get(f"{URL}/", timeout=30).text


@pytest.mark.usefixtures("site")
def test_the_browser_of_a_visitor_asks_for_a_password() -> None:
    for path in ("/", "/api/fractal"):
        answer = requests.get(URL + path, timeout=30)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_user_who_is_added_is_let_in(site: Engine) -> None:
    login = ("ada", site.add_user("ada"))
    wait_until(lambda: requests.get(URL, auth=login, timeout=30).ok, "all APIs to know ada")


@pytest.mark.usefixtures("site")
def test_nobody_sends_images_from_outside() -> None:
    url = f"{URL}/api/fractal/{complete()[0]['uuid']}/image"
    assert API.put(url, data=b"", timeout=30).status_code == 403


@pytest.mark.usefixtures("site")
def test_the_explorer_has_tiles() -> None:
    url = f"{URL}/tile/0/0/0.png?cx=-1&cy=0&iterations=200&palette=original"
    wait_until(lambda: API.get(url, timeout=30).status_code == 200, "a tile")
    assert API.get(url, timeout=30).headers["Content-Type"] == "image/png"


def test_the_schema_was_made_once(site: Engine) -> None:
    (migration,) = [one for one in site.containers() if one["Service"] == "migrate"]
    assert (migration["State"], migration["ExitCode"]) == ("exited", 0)


def queues(engine: Engine) -> dict[str, str]:
    """Return the queue of each worker and the policy of the operator that it has."""
    rows = broker(engine, "list_queues", "--formatter", "json", "name", "operator_policy")
    return {
        one["name"]: one["operator_policy"]
        for one in json.loads(rows)
        if one["name"].startswith("tasks.")
    }


def broker(engine: Engine, *command: str) -> str:
    return engine.compose("exec", "-T", "broker", "rabbitmqctl", "--quiet", *command)


def test_the_queue_of_a_worker_that_is_gone_leaves_the_broker(site: Engine) -> None:
    assert list(queues(site).values()) == SERVICES["worker"] * ["faafo-gone"]
    site.compose("up", "--detach", "--scale", f"worker={SERVICES['worker'] + 1}", "worker")
    wait_until(lambda: len(queues(site)) == SERVICES["worker"] + 1, "the queue of a new worker")
    soon = '{"expires": 1000}'
    broker(site, "set_operator_policy", "--apply-to", "queues", "faafo-gone", r"^tasks\.", soon)
    site.compose("up", "--detach", "worker")
    wait_until(lambda: len(queues(site)) == SERVICES["worker"], "it to be deleted")
    wait_until(lambda: healthy(site) == SERVICES, "all others to be healthy")


def test_an_api_that_is_killed_is_not_missed_and_comes_back(site: Engine) -> None:
    (killed, *_) = [one for one in site.containers() if one["Service"] == "api"]
    site.lose_power(killed)
    check_images(complete())
    wait_until(lambda: healthy(site) == SERVICES, "the API to be healthy again", 300)


def test_everything_stops_by_itself_and_is_there_again(site: Engine) -> None:
    site.compose("stop", "producer")
    before = complete()
    site.compose("stop")
    statuses = {(one["Service"], one["ExitCode"]) for one in site.containers()}
    assert {one for one in statuses if one[0] in OURS} == {(name, 0) for name in OURS}
    site.compose("up", "--detach", "--force-recreate")
    wait_until(lambda: healthy(site) == SERVICES, "all services to be healthy", 300)
    check_images(before)
