# SPDX-License-Identifier: Apache-2.0
"""A stream of good and bad files and settings, while fractals flow through all services."""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.functional.processes import Service, wait_until, write_config
from tests.functional.redis_server import Redis

# A change is live within 2 s; a machine that does much else gets more.
PATIENT_SECONDS = 60.0
REFUSED = "takes no effect"
SMALL = {
    "min_width": 8,
    "max_width": 16,
    "min_height": 8,
    "max_height": 16,
    "min_iterations": 16,
    "max_iterations": 32,
    "min_tasks": 1,
    "max_tasks": 2,
}
BAD_FILES = (
    "[DEFAULT]\nmax_tasks = 9\ninterval = soon\n",
    "[DEFAULT]\nmax_tasks = 9\ninterval = -1\n",
    "[DEFAULT]\nmax_tasks = 9\n[webhook]\nretry_schedule = 1,later\n",
    "max_tasks = 9\n",
    "[DEFAULT]\nmax_tasks = 9\n[api]\nmax_width = \xff\n",
)
BAD_SETTINGS = (("interval", "soon"), ("worker.slots", "-1"), ("bind_port", "1"), ("x", "1"))


class Stack:
    """Every service, each with a file of its own and with the files of one directory."""

    def __init__(self, directory: Path, transport_url: str, redis_url: str) -> None:
        self.directory = directory
        self.live = directory / "live.d"
        self.live.mkdir()
        (self.live / "live.conf").symlink_to("..data/live.conf")
        self._versions = itertools.count()
        self.write("[DEFAULT]\n")
        self.services: list[Service] = []
        self._database = f"sqlite:///{directory}/faafo.sqlite"
        self._options = {
            "transport_url": transport_url,
            "filesystem_store_datadir": directory / "images",
        }
        self._events = {"transport_url": transport_url}
        self._reader = {"redis_url": redis_url}
        self.url = ""
        self.good = self.bad = 0
        # Seconds until a change was live in the last of the services.
        self.measured: list[float] = []

    def start(self, name: str, role: str, **options: Any) -> Service:
        config = write_config(
            self.directory / f"{name}.conf",
            DEFAULT={**self._options, "endpoint_url": self.url or "http://127.0.0.1:9", **options},
            events=self._events,
            reader=self._reader if role == "faafo-reader" else {},
        )
        files = ("--config-file", config, "--config-dir", self.live)
        service = Service(self.directory, role, *files, name=name)
        self.services.append(service)
        return service

    def start_all(self) -> None:
        api = {"database_url": self._database, "bind_port": 0}
        first = self.start("first-api", "faafo-api", **api)
        self.url = first.wait_for_url()
        started = [
            self.start("second-api", "faafo-api", **api),
            self.start("worker", "faafo-worker"),
            self.start("producer", "faafo-producer", interval=0.5, **SMALL),
            self.start("notifier", "faafo-notifier"),
            self.start("reader", "faafo-reader"),
        ]
        for service, line in zip(
            started, ("listens on", "is ready", "is ready", "is ready", "listens for"), strict=True
        ):
            service.wait_for_line(line)

    def write(self, text: str) -> None:
        """Replace the files of the directory, as a ConfigMap of Kubernetes is."""
        version = self.live / f"..{next(self._versions)}"
        version.mkdir()
        (version / "live.conf").write_bytes(text.encode("latin-1"))
        (self.live / "..new").symlink_to(version.name)
        os.replace(self.live / "..new", self.live / "..data")

    def wait_for_all(self, line: str, count: int = 1) -> None:
        """Wait until each service has written so many such lines."""
        begun_at = time.monotonic()
        for service in self.services:
            wait_until(
                lambda service=service: len(service.lines_with(line)) >= count,
                f"{count} times {line!r} from {service.name}",
                PATIENT_SECONDS,
            )
        self.measured.append(time.monotonic() - begun_at)

    def change_file(self, interval: float) -> None:
        self.write(f"[DEFAULT]\ninterval = {interval}\n")
        self.wait_for_all(f"has changed: [DEFAULT] interval = {interval}")

    def break_file(self, text: str) -> None:
        self.bad += 1
        self.write(text)
        self.wait_for_all(REFUSED, self.bad)

    def put(self, name: str, value: str) -> requests.Response:
        return requests.put(f"{self.url}/api/setting/{name}", json={"value": value}, timeout=60)

    def set(self, name: str, value: str, line: str) -> None:
        assert self.put(name, value).status_code == 200
        self.wait_for_all(line)

    def complete(self) -> int:
        answer = requests.get(f"{self.url}/api/fractal?results_per_page=1", timeout=60).json()
        return int(answer["num_results"])


@pytest.fixture
def stack(tmp_path: Path, transport_url: str, redis_server: Redis) -> Iterator[Stack]:
    stack = Stack(tmp_path, transport_url, redis_server.url)
    with contextlib.ExitStack() as ending:
        try:
            stack.start_all()
            yield stack
        finally:
            for service in reversed(stack.services):
                ending.push(service)
            for service in stack.services[2:]:
                service.tell_to_stop()


def test_every_good_change_is_live_in_all_services_and_no_bad_one(stack):
    stack.change_file(0.41)
    for number, text in enumerate(BAD_FILES):
        stack.break_file(text)
        name, value = BAD_SETTINGS[number % len(BAD_SETTINGS)]
        assert stack.put(name, value).status_code == 400
    stack.change_file(0.42)
    # Away for a moment, and then as before.
    (stack.live / "..data").rename(stack.live / "..away")
    stack.bad += 1
    stack.wait_for_all(REFUSED, stack.bad)
    (stack.live / "..away").rename(stack.live / "..data")
    stack.set("interval", "0.43", "has changed: [DEFAULT] interval = 0.43")
    # The setting precedes the file.
    stack.write("[DEFAULT]\ninterval = 0.44\nmax_tasks = 3\n")
    stack.wait_for_all("has changed: [DEFAULT] max_tasks = 3")
    stack.set("worker.slots", "3", "has changed: [worker] slots = 3")
    stack.services[2].wait_for_line("has 3 slot(s) now")
    requests.delete(f"{stack.url}/api/setting/interval", timeout=60).raise_for_status()
    stack.wait_for_all("has changed: [DEFAULT] interval = 0.44")
    print(f"live in 6 services after at most {max(stack.measured):.2f} s: {stack.measured}")
    before = stack.complete()
    wait_until(lambda: stack.complete() > before + 3, "fractals to flow")
    for service in stack.services:
        output = service.output()
        assert "Traceback" not in output, output
        assert [one for one in service.lines_with(" ERROR ") if REFUSED not in one] == []
        assert len(service.lines_with(REFUSED)) == stack.bad
        assert "max_tasks = 9" not in output
    found = requests.get(f"{stack.url}/api/fractal?results_per_page=100", timeout=60).json()
    assert {one["status"] for one in found["objects"]} <= {"queued", "rendering", "complete"}
