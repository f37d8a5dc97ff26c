# SPDX-License-Identifier: Apache-2.0
"""The queues of workers that are gone leave the broker, and take nothing with them."""

import json
from pathlib import Path

import requests
import yaml

from tests.chaos.proxy import Link
from tests.functional.cluster import running
from tests.functional.processes import SMALL_FRACTAL, wait_until
from tests.functional.servers import RabbitMQ

ROOT = Path(__file__).parents[2]
ROLE = yaml.safe_load((ROOT / "ansible/roles/messaging/defaults/main.yaml").read_text())
FRACTALS = 2


def test_a_queue_that_expires_with_tasks_in_it_loses_none_and_comes_back_with_its_worker(
    tmp_path: Path, rabbitmq: RabbitMQ
) -> None:
    url = rabbitmq.virtual_host()
    policy = ["set_policy", "--vhost", url.rpartition("/")[2], "--apply-to", "queues", "gone"]
    database = f"sqlite:///{tmp_path}/faafo.sqlite"
    with Link(rabbitmq.port) as link, running(tmp_path, database, url) as cluster:
        gone = cluster.start_worker("gone", slots=FRACTALS, worker={"name": "gone"})
        producer = cluster.start_producer()
        producer.wait_for_line("worker gone (faafo")
        gone.kill()
        post(cluster.url)
        wait_until(lambda: rabbitmq.messages(url).get("tasks.gone"), "tasks that nobody takes")
        # As the documentation has it, but for the time.
        soon = json.dumps({"expires": 1000})
        rabbitmq.control(*policy, ROLE["messaging_gone_queues"], soon)
        wait_until(lambda: "tasks.gone" not in rabbitmq.messages(url), "the queue to be deleted")
        cluster.options["transport_url"] = url.replace(f":{rabbitmq.port}/", f":{link.port}/")
        cluster.start_worker("cut", worker={"name": "cut"})
        cluster.wait_until_complete(FRACTALS)
        assert "tasks.cut" in rabbitmq.messages(url)
        link.cut()
        wait_until(lambda: "tasks.cut" not in rabbitmq.messages(url), "the queue to be deleted")
        # Those that all workers share stay.
        assert {"tasks", "joins", "films"} <= set(rabbitmq.messages(url))
        post(cluster.url)
        link.heal()
        cluster.wait_until_complete(2 * FRACTALS)


def post(url: str) -> None:
    for _ in range(FRACTALS):
        requests.post(f"{url}/api/fractal", json=SMALL_FRACTAL, timeout=30).raise_for_status()
