# SPDX-License-Identifier: Apache-2.0
"""One request through the API, a producer, a worker and a notifier: in JSON logs and as a trace."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.collector import Collector
from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL, Service, wait_until, write_config
from tests.functional.servers import RabbitMQ
from tests.ids import REQUEST_ID, TRACE_ID, TRACEPARENT
from tests.receivers import Receiver

LOGS_PAGE = Path(__file__).parents[2] / "doc/source/admin/logs.rst"
LOCAL = {"egress_allowed": "127.0.0.0/8"}


class Site:
    """Four processes that log JSON and are traced, and the receiver of a callback."""

    def __init__(
        self, cluster: Cluster, receiver: Receiver, notifier: Service, collector: Collector
    ) -> None:
        self.cluster = cluster
        self.receiver = receiver
        self.notifier = notifier
        self.collector = collector

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
        Collector() as collector,
        Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", rabbitmq.virtual_host()) as site,
    ):
        site.options = json
        site.groups = traced = {"tracing": {"otlp_endpoint": collector.url}}
        site.start_api(webhook=LOCAL)
        site.start_worker(wait=False, store={"url": "api://"})
        producer = site.start_producer()
        config = write_config(
            directory / "notifier.conf",
            DEFAULT={"endpoint_url": site.url, **json},
            webhook=LOCAL,
            **traced,
        )
        with Service(directory, "faafo-notifier", "--config-file", config) as notifier:
            for one in (producer, notifier):
                one.wait_for_line("is ready")
            yield Site(site, receiver, notifier, collector)


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


# The spans of a trace: the parent of each, and the service that has made it.
TREE = {
    "POST /api/fractal": (None, "faafo-api"),
    "queued": ("POST /api/fractal", "faafo-api"),
    "claim": ("POST /api/fractal", "faafo-producer"),
    "call": ("claim", "faafo-producer"),
    "render": ("call", "faafo-worker"),
    "store": ("call", "faafo-worker"),
    "PUT /api/fractal/<uuid:uuid>/image": ("store", "faafo-api"),
    "report": ("claim", "faafo-producer"),
    "deliver": ("POST /api/fractal", "faafo-notifier"),
}


def test_one_trace_leads_from_a_post_through_four_processes_to_its_callback(site: Site) -> None:
    record = site.post(traceparent=TRACEPARENT)
    trace = wait_until(
        lambda: (found := site.collector.trace(TRACE_ID)).keys() >= TREE.keys() and found,
        "all spans",
    )
    names = {one.span_id: one.name for one in trace.values()}
    tree = {one.name: (names.get(one.parent_id), one.service) for one in trace.values()}
    assert tree == TREE
    # The API is asked about an upload before: that is no request of its own.
    assert len([one for one in site.collector.spans if one.trace_id == TRACE_ID]) == len(TREE)
    assert trace["POST /api/fractal"].parent_id == TRACEPARENT.split("-")[2]
    assert len({one.pid for one in trace.values()}) == 4
    assert not any(one.failed for one in trace.values())
    assert all(one.begun_at <= one.ended_at for one in trace.values())
    assert trace["queued"].attributes["faafo.uuid"] == record["uuid"]
    for service in site.services:
        assert service.lines_with(f'"trace_id": "{TRACE_ID}"')


def test_a_post_without_a_trace_begins_one_of_its_own(site: Site) -> None:
    known = {one.trace_id for one in list(site.collector.spans)}
    site.post()

    def has_arrived() -> bool:
        new = [one for one in list(site.collector.spans) if one.trace_id not in known]
        roots = [one for one in new if not one.parent_id]
        delivered = {one.trace_id for one in new if one.name == "deliver"}
        return [one.trace_id for one in roots] == [*delivered]

    wait_until(has_arrived, "one new trace")


def test_services_render_and_end_as_usual_while_the_collector_does_not_answer(site: Site) -> None:
    """The last test of this file, since it ends all services."""
    site.collector.gate.clear()
    site.post()
    *others, api = sorted(site.services, key=lambda one: one.name == "faafo-api")
    for group in (others, [api]):
        for one in group:
            one.tell_to_stop()
        assert [one.wait_for_end() for one in group] == [0] * len(group)
    for one in site.services:
        # What a service logs that has not ended in time.
        assert not one.lines_with("still wait for a peer")
