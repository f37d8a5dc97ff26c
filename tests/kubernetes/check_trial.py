# SPDX-License-Identifier: Apache-2.0
"""The Pods of the trial, started for real: the gallery fills, and outlives what is done to it."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.functional.processes import SMALL_FRACTAL, wait_until
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.podman import Podman
from tests.static.kustomize import Kustomize

API = requests.Session()
# Wider than the limit that a test sets.
WIDE = SMALL_FRACTAL | {"width": 30}
SERVERS = ("database", "broker", "redis")
# In the order in which they are started; all others wait for what they need by themselves.
SERVICES = ("api", "api", "producer", "worker", "notifier", "reader")


@pytest.fixture(scope="module")
def cluster(podman: Podman, kustomize: Kustomize) -> Cluster:
    """All Pods of the trial, two APIs among them."""
    API.auth = ("admin", secret(kustomize, "admin_password"))
    return Cluster(podman, kustomize.make("trial"))


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> Iterator[list[str]]:
    """The names of the Pods that run."""
    started: list[str] = []
    try:
        started += [cluster.start(name) for name in SERVERS]
        for pod in started:
            wait_until(lambda pod=pod: is_ready(cluster, pod), f"{pod} to be ready", 300)
        cluster.run("migrate")
        started += [cluster.start(name) for name in SERVICES]
        for pod in started:
            wait_until(lambda pod=pod: is_ready(cluster, pod), f"{pod} to be ready", 300)
        yield started
    finally:
        for pod in [*started, "migrate"]:
            print(f"{pod}:\n{cluster.logs(pod)[-3000:]}")


def secret(kustomize: Kustomize, name: str) -> str:
    return (kustomize.secrets / name).read_text().strip()


def of(pods: list[str], name: str) -> list[str]:
    return [pod for pod in pods if pod.rpartition("-")[0] == name]


def url_of(cluster: Cluster, pods: list[str], number: int = 0) -> str:
    return f"http://{cluster.address(of(pods, 'api')[number])}:5000"


def is_ready(cluster: Cluster, pod: str, probe: str = "readinessProbe") -> bool:
    """Ask as the kubelet does."""
    (container,) = cluster.containers(pod.rpartition("-")[0])
    return answers(cluster, pod, container[probe])


def answers(cluster: Cluster, pod: str, probe: dict[str, Any]) -> bool:
    try:
        if "exec" in probe:
            cluster.execute(pod, *probe["exec"]["command"])
        elif "httpGet" in probe:
            url = f"http://{cluster.address(pod)}:5000{probe['httpGet']['path']}"
            return requests.get(url, timeout=5).ok
        return True
    except (AssertionError, requests.RequestException):
        return False


def complete(url: str) -> list[dict[str, Any]]:
    query = '{"filters":[{"name":"status","op":"==","val":"complete"}]}'
    parameters = {"q": query, "results_per_page": 100}
    return API.get(f"{url}/api/fractal", params=parameters, timeout=30).json()["objects"]


def check_images(url: str, records: list[dict[str, Any]]) -> None:
    for record in records:
        png = API.get(f"{url}/api/fractal/{record['uuid']}/image", timeout=30).content
        assert hashlib.sha256(png).hexdigest() == record["checksum"]


def test_the_gallery_fills(cluster: Cluster, pods: list[str]) -> None:
    url = url_of(cluster, pods)
    wait_until(lambda: len(complete(url)) >= 5, "fractals", 180)
    check_images(url, complete(url))
    assert "<img" in API.get(f"{url}/", timeout=30).text
    assert requests.get(f"{url}/api/fractal", timeout=30).status_code == 401


def test_every_probe_is_answered_on_the_real_image(cluster: Cluster, pods: list[str]) -> None:
    asked = 0
    for pod in pods:
        (container,) = cluster.containers(pod.rpartition("-")[0])
        for name in (one for one in container if one.endswith("Probe")):
            assert answers(cluster, pod, container[name]), f"{pod}: {name}"
            asked += 1
    assert asked > 2 * len(pods)


def test_every_container_is_nobody_special_and_writes_to_its_volumes_alone(
    cluster: Cluster, pods: list[str]
) -> None:
    for pod in pods:
        assert cluster.execute(pod, "id", "-u") in ("10001", "999")
        with pytest.raises(AssertionError, match="Read-only file system"):
            cluster.execute(pod, "touch", "/usr/anything")


def test_the_job_has_made_the_schema_once(cluster: Cluster, pods: list[str]) -> None:
    state = cluster.state("migrate")
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)


def test_a_user_who_scales_sees_the_backlog_and_nothing_else(
    cluster: Cluster, pods: list[str], kustomize: Kustomize
) -> None:
    login, url = ("scaler", secret(kustomize, "scaler_password")), url_of(cluster, pods)
    assert requests.get(f"{url}/api/backlog", auth=login, timeout=30).json()["outstanding"] >= 0
    assert requests.get(f"{url}/api/fractal", auth=login, timeout=30).status_code == 403


def test_a_job_is_told_by_redis(cluster: Cluster, pods: list[str]) -> None:
    url = url_of(cluster, pods)
    uuid = complete(url)[0]["uuid"]
    answer = API.get(f"{url}/api/job/{uuid}", timeout=30)
    assert answer.json()["status"] == "complete"


def test_an_api_that_is_killed_is_not_missed_and_comes_back(
    cluster: Cluster, pods: list[str]
) -> None:
    killed, other = of(pods, "api")[0], url_of(cluster, pods, 1)
    before = len(complete(other))
    cluster.kill(killed)
    wait_until(lambda: len(complete(other)) > before, "more fractals", 120)
    check_images(other, complete(other))
    wait_until(lambda: is_ready(cluster, killed), "the API to be back", 120)


def test_workers_are_scaled_to_three_and_back_and_nothing_is_lost(
    cluster: Cluster, pods: list[str]
) -> None:
    url = url_of(cluster, pods)
    more = [cluster.start("worker") for _ in range(2)]
    pods += more

    def renderers() -> set[str]:
        return {one["generated_by"] for one in complete(url)}

    before = renderers()
    for pod in more:
        wait_until(lambda pod=pod: is_ready(cluster, pod), f"{pod} to be ready", 180)
    uuids = [post(url)["uuid"] for _ in range(60)]
    wait_until(lambda: len(renderers()) >= len(before) + 2, "fractals of all workers", 180)
    for pod in more:
        assert cluster.stop(pod) == 0
        pods.remove(pod)
    wait_until(lambda: all(status(url, one) == "complete" for one in uuids), "all of them", 180)


def post(url: str, **changes: Any) -> dict[str, Any]:
    answer = API.post(f"{url}/api/fractal", json=SMALL_FRACTAL | changes, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer.json()


def status(url: str, uuid: str) -> str:
    return API.get(f"{url}/api/fractal/{uuid}", timeout=30).json()["status"]


def test_a_config_map_that_changes_is_followed_by_what_runs(
    cluster: Cluster, pods: list[str]
) -> None:
    files = cluster.config("faafo")
    started = [cluster.state(pod)["StartedAt"] for pod in of(pods, "api")]
    limited = files["faafo.conf"].replace("[api]\n", "[api]\nmax_width = 7\n")
    cluster.write_config("faafo", {"faafo.conf": limited})

    def refuses(number: int) -> bool:
        url = url_of(cluster, pods, number)
        answer = API.post(f"{url}/api/fractal", json=WIDE, timeout=30)
        return "[api] max_width = 7" in answer.text

    for number in range(2):
        wait_until(lambda number=number: refuses(number), "the limit", 60)
    cluster.write_config("faafo", {"faafo.conf": files["faafo.conf"] + "\n[api]\nmax_width = -1\n"})
    refused = "takes no effect: [api] max_width: "
    for pod in of(pods, "api"):
        wait_until(lambda pod=pod: refused in cluster.logs(pod), "a line that says so", 60)
    cluster.write_config("faafo", files)
    for number in range(2):
        wait_until(lambda number=number: not refuses(number), "no limit", 60)
    assert [cluster.state(pod)["StartedAt"] for pod in of(pods, "api")] == started


def test_everything_stops_by_itself(cluster: Cluster, pods: list[str]) -> None:
    for name in ("producer", "worker", "notifier", "reader", "api"):
        for pod in of(pods, name):
            assert cluster.stop(pod) == 0, pod
