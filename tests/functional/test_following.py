# SPDX-License-Identifier: Apache-2.0
"""One request through the API, a producer, a worker and a notifier: by its id in JSON logs."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL, Service, wait_until, write_config
from tests.functional.servers import RabbitMQ
from tests.ids import REQUEST_ID
from tests.receivers import Receiver

LOGS_PAGE = Path(__file__).parents[2] / "doc/source/admin/logs.rst"
LOCAL = {"egress_allowed": "127.0.0.0/8"}


class Site:
    """Four processes that log JSON, and the receiver of a callback."""

    def __init__(self, cluster: Cluster, receiver: Receiver, notifier: Service) -> None:
        self.cluster = cluster
        self.receiver = receiver
        self.notifier = notifier

    @property
    def services(self) -> list[Service]:
        return [*self.cluster.services, self.notifier]

    def post(self, **headers: str) -> dict[str, Any]:
        """Post a fractal with a callback; return its record, complete, once that is delivered."""
        known = len(self.receiver.requests)
        body = {**SMALL_FRACTAL, "callback_url": self.receiver.url}
        url = f"{self.cluster.url}/api/fractal"
        posted = requests.post(url, json=body, headers=headers, timeout=120)
        assert posted.status_code == 201, posted.text
        wait_until(lambda: len(self.receiver.requests) > known, "the callback")
        return posted.json()


@pytest.fixture(scope="module")
def site(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    json = {"use_json": True}
    with (
        Receiver() as receiver,
        Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", rabbitmq.virtual_host()) as site,
    ):
        site.options = json
        site.start_api(webhook=LOCAL)
        site.start_worker(wait=False)
        producer = site.start_producer()
        config = write_config(
            directory / "notifier.conf",
            DEFAULT={"endpoint_url": site.url, **json},
            webhook=LOCAL,
        )
        with Service(directory, "faafo-notifier", "--config-file", config) as notifier:
            for one in (producer, notifier):
                one.wait_for_line("is ready")
            yield Site(site, receiver, notifier)


def followed(site: Site, request_id: str) -> list[str]:
    """Run the command of the documentation in the directory of the logs; return what it prints."""
    (command,) = re.findall(r"^ +\$ (jq .*)$", LOGS_PAGE.read_text(), re.MULTILINE)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=site.cluster.directory,
        env={"PATH": "/usr/bin:/bin", "ID": request_id},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_documented_jq_line_follows_one_request_through_all_logs(site: Site) -> None:
    other = site.post()
    record = site.post(**{"X-Openstack-Request-Id": REQUEST_ID})
    wanted = [
        r"faafo\.api\.access .*POST /api/fractal .* 201 ",
        rf"faafo\.worker\.\S+ saved result of task {record['uuid']}",
        rf"faafo\.producer\.\S+ task {record['uuid']} processed",
        r"faafo\.notifier\.\S+ delivery .* status 204",
    ]

    def found() -> list[str]:
        lines = followed(site, REQUEST_ID)
        matching = [next((one for one in lines if re.search(line, one)), "") for line in wanted]
        # The line of a request is written at its end: the fractal may be claimed before.
        later = matching[1:]
        return lines if all(matching) and later == sorted(later, key=lines.index) else []

    lines = wait_until(found, "lines of four services in their order")
    assert other["uuid"] not in "\n".join(lines)
