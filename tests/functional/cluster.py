# SPDX-License-Identifier: Apache-2.0
"""The three services with the configuration files of the first faafo, on real servers."""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from faafo.client.http import Client
from faafo.fractal.task import FractalTask
from tests.functional.processes import Service, upgrade_database, wait_until, write_config
from tests.plain_loop import plain_pixels

OFTEN = {"report_interval": 0.5}
# A worker that is killed is noticed in seconds, and a producer that is killed soon after.
QUICK = {"rpc": {"call_monitor_timeout": 3, **OFTEN}, "producer": {"lease_duration": 3}}
# Nobody is taken for dead, however slow a loaded machine is.
PATIENT = {"rpc": OFTEN}


# Workers of clusters that are gone. They take seconds to leave a broker that nobody uses any more:
# how they end is seen when all clusters are gone, in ``see_off``.
_LEAVING: list[Service] = []


class Cluster:
    """Starts and stops services in ``directory``; ends what is left at the end of its block."""

    def __init__(self, directory: Path, database_url: str, transport_url: str) -> None:
        self.directory = directory
        self.images = directory / "images"
        self._database_url = database_url
        self._transport_url = transport_url
        self.url = ""
        # Of all services, in the default group; and in further ones.
        self.options: dict[str, Any] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.services: list[Service] = []
        self._workers: list[Service] = []

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        _end(self._without_workers() if kind is None else self.services, at_once=kind is None)

    @contextlib.contextmanager
    def lent(self, directory: Path, transport_url: str) -> Iterator["Cluster"]:
        """Give the block the API alone, with a directory and a broker for other services.

        They are told to stop when the block ends, and nothing is left of its fractals.
        """
        self.directory, self._transport_url = directory, transport_url
        try:
            yield self
        finally:
            api = self.api
            others = [one for one in self._without_workers() if one is not api]
            self.services = [api]
            try:
                _end(others)
            finally:
                self._forget_everything()

    def _without_workers(self) -> list[Service]:
        """Tell workers to stop, and return the other services."""
        workers = [one for one in self.services if one in self._workers]
        for worker in workers:
            worker.tell_to_stop()
        _LEAVING.extend(workers)
        return [one for one in self.services if one not in workers]

    def _forget_everything(self) -> None:
        if not self._is_well():
            self.api.kill()
            self.start_api(int(self.url.rpartition(":")[2]))
        for record in self.records():
            requests.delete(f"{self.url}/api/fractal/{record['uuid']}", timeout=120)
        for path in self.images.glob("*"):
            path.unlink(missing_ok=True)

    @property
    def api(self) -> Service:
        """The API, the latest one if there were several."""
        return [one for one in self.services if one.name == "faafo-api"][-1]

    @property
    def client(self) -> Client:
        return Client(self.url)

    def start_api(self, port: int = 0, **groups: dict[str, Any]) -> Service:
        """Start the API; ``groups`` are options of other groups than the default one."""
        options = {
            "database_url": self._database_url,
            "verbose": True,
            "bind_port": port,
            "filesystem_store_datadir": self.images,
            **self.options,
        }
        groups = self.groups | groups
        config = write_config(self.directory / "api.conf", DEFAULT=options, **groups)
        upgrade_database(self._database_url)
        api = self._start("faafo-api", config)
        self.url = api.wait_for_url()
        # The log may be that of an earlier API on the same port.
        wait_until(self._is_well, "the API to be well")
        return api

    def _is_well(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthcheck", timeout=120).ok
        except requests.ConnectionError:
            return False

    def start_worker(
        self, name: str = "worker", slots: int = 1, wait: bool = True, **groups: dict[str, Any]
    ) -> Service:
        """Start a worker; ``groups`` are its options in further groups."""
        options = {
            "filesystem_store_datadir": self.images,
            "endpoint_url": self.url,
            "transport_url": self._transport_url,
            "verbose": True,
            **self.options,
        }
        groups = {**self.groups, "rpc": OFTEN, "worker": {"slots": slots}, **groups}
        config = write_config(self.directory / f"{name}.conf", DEFAULT=options, **groups)
        worker = self._start("faafo-worker", config, name)
        self._workers.append(worker)
        if wait:
            worker.wait_for_line("is ready, with")
        return worker

    def start_producer(
        self,
        name: str = "producer",
        patient: bool = False,
        groups: dict[str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> Service:
        """Start a producer that generates nothing unless ``options`` say so."""
        defaults = {
            "endpoint_url": self.url,
            "transport_url": self._transport_url,
            "verbose": True,
            "min_tasks": 0,
            "max_tasks": 0,
            **self.options,
        }
        groups = {**self.groups, **(PATIENT if patient else QUICK), **(groups or {})}
        config = write_config(
            self.directory / f"{name}.conf", DEFAULT={**defaults, **options}, **groups
        )
        return self._start("faafo-producer", config, name)

    def records(self, status: str | None = None) -> list[dict[str, Any]]:
        """Return all fractals, at most 100, or those with ``status``."""
        answer = requests.get(f"{self.url}/api/fractal?results_per_page=100", timeout=120).json()
        return [one for one in answer["objects"] if status in (None, one["status"])]

    def wait_until_complete(self, count: int, timeout: float = 300) -> list[dict[str, Any]]:
        wait_until(
            lambda: len(self.records("complete")) == count,
            f"{count} complete fractals",
            timeout,
        )
        return self.records("complete")

    def check_image(self, record: dict[str, Any]) -> Image.Image:
        """Return the image of a record, after a look at its checksum and size."""
        png = requests.get(f"{self.url}/api/fractal/{record['uuid']}/image", timeout=120).content
        assert hashlib.sha256(png).hexdigest() == record["checksum"]
        assert len(png) == record["size"]
        return Image.open(io.BytesIO(png))

    def check_pixels(self, record: dict[str, Any]) -> None:
        """Compare the image of a record with what the plain Python loop makes of it."""
        image = self.check_image(record).convert("RGB")
        rows = plain_pixels(FractalTask(**_task(record)))
        assert image.tobytes() == bytes(value for row in rows for pixel in row for value in pixel)

    def _start(self, script: str, config: Path, name: str | None = None) -> Service:
        service = Service(self.directory, script, "--config-file", config, name=name)
        self.services.append(service)
        return service


def see_off() -> None:
    """Wait until the workers of all clusters have ended, and assert that none has failed."""
    leaving = _LEAVING[:]
    _LEAVING.clear()
    _end(leaving)


def _end(services: list[Service], at_once: bool = True) -> None:
    """Tell all to stop, the APIs when nobody needs them any more."""
    with contextlib.ExitStack() as ends:
        for service in services:
            ends.push(service)
        for service in services if at_once else []:
            if service.name != "faafo-api":
                service.tell_to_stop()


def _task(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in FractalTask.model_fields if name in record}


@contextlib.contextmanager
def running(directory: Path, database_url: str, transport_url: str) -> Iterator[Cluster]:
    """Give the block a cluster whose API runs; it is stopped at the end."""
    with Cluster(directory, database_url, transport_url) as cluster:
        cluster.start_api()
        yield cluster
