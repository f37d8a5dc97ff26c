# SPDX-License-Identifier: Apache-2.0
"""The three services as processes on RabbitMQ and a database server: nothing is ever lost."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from faafo.db.url import DRIVERS
from faafo.fractal.task import FractalTask
from tests.functional.cluster import Cluster
from tests.functional.databases import CHOSEN
from tests.functional.processes import PATIENCE_SECONDS, run, wait_until
from tests.functional.stores import linked_bucket

BARE_CLIENT = Path(__file__).with_name("bare_client.py")

SMALL = {
    "min_width": 8,
    "max_width": 24,
    "min_height": 8,
    "max_height": 24,
    "min_iterations": 16,
    "max_iterations": 200,
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory, database_server, rabbitmq_url):
    """An API that has told systemd that it is ready."""
    directory = tmp_path_factory.mktemp("services")
    with database_server.database() as url, Cluster(directory, url, rabbitmq_url) as cluster:
        with systemd_of(directory) as systemd:
            cluster.start_api()
            assert systemd.recv(100) == b"READY=1"
        yield cluster


@pytest.fixture
def cluster(installation, tmp_path, transport_url):
    """The API, and a broker and a directory for a test's own services."""
    with installation.lent(tmp_path, transport_url) as cluster:
        yield cluster


@contextlib.contextmanager
def systemd_of(directory):
    """The socket that services in ``directory`` tell when they are ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(directory / "notify"))
        systemd.settimeout(PATIENCE_SECONDS)
        yield systemd


def post(cluster: Cluster, count: int, **changes) -> list[str]:
    """Post fractals that take a noticeable time each.

    With c = 1/4 every point near 0 stays for ever, and no attracting cycle tells so beforehand.
    """
    values = {
        "width": 300,
        "height": 300,
        "iterations": 2000,
        "xa": -0.1,
        "xb": 0.1,
        "ya": -0.1,
        "yb": 0.1,
        "cx": 0.25,
        "cy": 0.0,
    }
    tasks = [
        FractalTask(uuid=str(uuid.uuid4()), **{**values, **changes}) for _number in range(count)
    ]
    return [cluster.client.create(task)["uuid"] for task in tasks]


def test_ready_services_see_fifty_fractals_through_with_the_pixels_of_the_plain_loop(
    cluster, tmp_path
):
    with systemd_of(tmp_path) as systemd:
        worker = cluster.start_worker(slots=2)
        assert systemd.recv(100) == b"READY=1"
        producer = cluster.start_producer(min_tasks=50, max_tasks=50, interval=3600, **SMALL)
        assert systemd.recv(100) == b"READY=1"
    records = cluster.wait_until_complete(50)
    for record in records:
        cluster.check_pixels(record)

    producer.wait_for_line("generating 50 task(s)")
    uuid = records[0]["uuid"]
    assert any(f"'uuid': '{uuid}'" in line for line in producer.lines_with("generated task: {"))
    producer.wait_for_line(f"task {uuid} processed: {{")
    worker.wait_for_line(f"processing task {uuid}")
    assert " seconds" in worker.wait_for_line(f"task {uuid} processed in ")
    path = cluster.images / f"{uuid}.png"
    worker.wait_for_line(f"saved result of task {uuid} to file {path}")
    for service in (producer, worker):
        service.wait_for_line("ignoring unknown option [DEFAULT] verbose")
        assert "Eventlet" not in service.output()
        assert "Traceback" not in service.output()
        assert "secret" not in service.output()


def test_a_bare_client_that_calls_topic_tasks_gets_its_image_twice_the_same(cluster, transport_url):
    cluster.start_worker()
    task = {
        "uuid": "5b3f1a52-9d1c-4d8e-8f4e-0c7a5a3a9b11",
        "width": 32,
        "height": 24,
        "iterations": 128,
        "xa": -2.0,
        "xb": 2.0,
        "ya": -1.5,
        "yb": 1.5,
    }

    def call():
        command = [sys.executable, "-W", "ignore", BARE_CLIENT, transport_url]
        answer = subprocess.run(
            [*command, json.dumps(task)], capture_output=True, text=True, timeout=120, check=True
        )
        return json.loads(answer.stdout)

    first, second = call(), call()
    assert first["checksum"] == second["checksum"]
    assert first["uuid"] == task["uuid"]
    assert (cluster.images / f"{task['uuid']}.png").stat().st_size == first["size"]


def test_a_worker_that_joins_late_gets_its_share_of_what_is_left(cluster):
    post(cluster, 70, iterations=4000)
    first = cluster.start_worker("worker-1")
    cluster.start_producer()
    first.wait_for_line("saved result")
    second = cluster.start_worker("worker-2")
    rendered_alone = len(first.lines_with("saved result"))
    cluster.wait_until_complete(70)
    left = 70 - rendered_alone
    assert left > 30, "the first worker was through before the second one came"
    share = len(second.lines_with("saved result"))
    assert 0.4 * left <= share <= 0.7 * left


def test_deleting_a_fractal_stops_its_render_and_leaves_no_image(cluster):
    (long,) = post(cluster, 1, width=1500, height=1500, iterations=100_000)
    worker = cluster.start_worker()
    cluster.start_producer()
    worker.wait_for_line(f"processing task {long}")
    assert requests.delete(f"{cluster.url}/api/fractal/{long}", timeout=120).status_code == 204
    worker.wait_for_line(f"task {long} is cancelled")
    # Its slot is free again: this one need not wait for the long one.
    (short,) = post(cluster, 1, iterations=20)
    wait_until(lambda: cluster.client.get(short)["status"] == "complete", "the short one")
    assert worker.lines_with(f"task {long} processed") == []
    assert [path.name for path in cluster.images.iterdir()] == [f"{short}.png"]


def test_two_producers_share_two_workers_and_each_fractal_is_rendered_once(cluster):
    post(cluster, 40, iterations=400)
    cluster.start_worker("worker-1", slots=2)
    cluster.start_worker("worker-2", slots=2)
    for name in ("producer-1", "producer-2"):
        cluster.start_producer(name, patient=True)
    records = cluster.wait_until_complete(40)
    assert {record["failures"] for record in records} == {0}
    workers = [one for one in cluster.services if one.name.startswith("worker")]
    assert sum(len(worker.lines_with(" processed in ")) for worker in workers) == 40


def test_a_worker_told_to_stop_finishes_what_runs_and_takes_nothing_more(cluster):
    post(cluster, 6, iterations=8000)
    first = cluster.start_worker("worker-1")
    producer = cluster.start_producer(patient=True)
    first.wait_for_line("processing task")
    first.stop()
    assert first.exit_status == 0
    assert len(first.lines_with("processing task")) == len(first.lines_with("saved result"))
    producer.wait_for_line("takes no more tasks")
    cluster.start_worker("worker-2")
    records = cluster.wait_until_complete(6)
    assert {record["failures"] for record in records} == {0}


def test_a_producer_told_to_stop_gives_back_what_it_has_not_finished(cluster):
    (uuid,) = post(cluster, 1, width=1500, height=1500, iterations=30_000)
    worker = cluster.start_worker()
    producer = cluster.start_producer()
    worker.wait_for_line(f"processing task {uuid}")
    producer.stop(signal.SIGINT)
    assert cluster.client.get(uuid)["status"] in ("queued", "complete")
    worker.stop(signal.SIGINT)


def test_one_set_is_generated_and_seen_through(cluster):
    cluster.start_worker(slots=2)
    producer = cluster.start_producer(one_shot=True, min_tasks=3, max_tasks=3, **SMALL)
    assert producer.wait_for_end() == 0
    producer.wait_for_line("3 of 3 task(s) complete")
    assert len(cluster.records("complete")) == 3


def test_one_set_that_is_not_complete_ends_with_a_failure(cluster):
    producer = cluster.start_producer(
        one_shot=True, min_tasks=2, max_tasks=2, min_width=99_999, max_width=99_999, max_height=256
    )
    assert producer.wait_for_end() == 1
    producer.wait_for_line("[api] max_width")
    producer.wait_for_line("0 of 2 task(s) complete")


def test_services_wait_for_a_broker_that_comes_later(cluster, rabbitmq):
    rabbitmq.control("stop_app")
    try:
        worker = cluster.start_worker(wait=False)
        producer = cluster.start_producer()
        worker.wait_for_line("no connection to the broker yet")
        producer.wait_for_line("no connection to the broker yet")
        post(cluster, 2, iterations=20)
    finally:
        rabbitmq.control("start_app")
    cluster.wait_until_complete(2)
    assert "secretsecret" not in worker.output() + producer.output()


def test_a_producer_waits_for_an_api_that_is_away_and_recovers(cluster):
    cluster.start_worker()
    port = int(cluster.url.rpartition(":")[2])
    cluster.api.stop()
    producer = cluster.start_producer(one_shot=True, min_tasks=2, max_tasks=2, **SMALL)
    producer.wait_for_line(f"endpoint_url = {cluster.url}")
    producer.wait_for_line("trying again in")
    cluster.start_api(port)
    assert producer.wait_for_end() == 0


def test_a_store_that_fails_for_a_while_loses_nothing_and_uses_up_no_attempts(cluster):
    worker = cluster.start_worker()
    producer = cluster.start_producer(patient=True)
    producer.wait_for_line("has 1 slot(s)")
    away = cluster.images.rename(cluster.directory / "away")
    cluster.images.write_text("a file where the directory was")
    uuids = post(cluster, 3, iterations=20)
    worker.wait_for_line(f"takes no tasks: filesystem_store_datadir = {cluster.images}: ")
    producer.wait_for_line("takes no more tasks")
    cluster.images.unlink()
    away.rename(cluster.images)
    worker.wait_for_line("takes tasks again")
    records = cluster.wait_until_complete(3)
    assert {record["uuid"] for record in records} == set(uuids)
    assert {record["failures"] for record in records} == {0}


def test_an_api_whose_database_goes_away_says_so_and_recovers(cluster, database_server):
    (uuid,) = post(cluster, 1)
    with database_server.refusing():
        answer = requests.get(f"{cluster.url}/api/fractal/{uuid}", timeout=120)
        assert answer.status_code == 503
        assert answer.json()["message"] == "service unavailable; see the log of the API"
        assert answer.headers["Retry-After"].isdigit()
        assert requests.get(f"{cluster.url}/healthcheck", timeout=120).status_code == 503
        assert requests.get(f"{cluster.url}/", timeout=120).status_code == 503
    api = cluster.api
    scheme = DRIVERS["mysql" if CHOSEN == "mariadb" else CHOSEN]
    api.wait_for_line(f"database_url = {scheme}://faafo:***@127.0.0.1")
    wait_until(
        lambda: requests.get(f"{cluster.url}/api/fractal/{uuid}", timeout=120).ok, "the database"
    )
    assert "Traceback" not in api.output()
    assert "secretsecret" not in api.output()


def test_workers_that_send_their_images_to_the_api_need_nothing_else_and_wait_for_it(cluster):
    store = {"url": "api://", "save_timeout": 60}
    workers = [cluster.start_worker(f"worker-{n}", store=store) for n in (1, 2)]
    producer = cluster.start_producer(patient=True)
    wait_until(lambda: len(producer.lines_with(" slot(s)")) == 2, "both workers to be known")
    post(cluster, 10, width=24, height=24, iterations=200)
    for record in cluster.wait_until_complete(10):
        cluster.check_pixels(record)
        assert (cluster.images / f"{record['uuid']}.png").exists()
    for worker in workers:
        assert worker.lines_with(f"to file {cluster.url}/api/fractal/")

    uuids = post(cluster, 3)
    wait_until(
        lambda: any(worker.lines_with(f"processing task {uuids[0]}") for worker in workers),
        "a render to begin",
    )
    port = int(cluster.url.rpartition(":")[2])
    cluster.api.stop()
    away = "[store] url = api://, endpoint_url = "
    wait_until(lambda: any(worker.lines_with(away) for worker in workers), "an image to wait")
    cluster.start_api(port)
    records = cluster.wait_until_complete(13)
    assert {record["uuid"] for record in records} >= set(uuids)
    assert {record["attempt"] for record in records} == {1}, "an image was given up"
    for record in records:
        cluster.check_image(record)


def test_images_in_swift_are_complete_and_swept(tmp_path, server_url, transport_url, swift):
    with (
        linked_bucket(swift) as bucket,
        Cluster(tmp_path, server_url, transport_url) as cluster,
    ):
        store = bucket.options()
        cluster.start_api(store=store)
        worker = cluster.start_worker(store=store)
        cluster.start_producer(min_tasks=5, max_tasks=5, interval=600, **SMALL)
        for record in cluster.wait_until_complete(5):
            cluster.check_pixels(record)
        assert not cluster.images.exists()
        orphan = str(uuid.uuid4())
        bucket.writer().save(orphan, b"nobody's")
        config = cluster.directory / "api.conf"
        sweep = ["--config-file", config, "store", "sweep", "--older-than", "0"]
        finished = run(cluster.directory, "faafo-manage", *sweep, "--dry-run")
        assert f"would remove the image of {orphan}" in finished.stdout
        finished = run(cluster.directory, "faafo-manage", *sweep)
        assert "1 image(s) without a record, 0 half" in finished.stdout, finished.stderr
        assert len(list(bucket.store().images(age=0))) == 5
        assert swift.secret not in worker.output() + finished.stderr
