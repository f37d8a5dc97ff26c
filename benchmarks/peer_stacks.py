# SPDX-License-Identifier: Apache-2.0
"""Starts the peers that render fractals from POST to complete, on the servers of a lab."""

import contextlib
import itertools
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import database, stage
from benchmarks.peers import bare_api, celery_stack
from benchmarks.peers import original as original_peer
from faafo.fractal.task import FractalTask
from tests.chaos.lab import Lab
from tests.chaos.site import Member, Site
from tests.functional.servers import ADDRESS, free_ports

CELERY = "benchmarks.peers.celery_stack"
ORIGINAL = "benchmarks.peers.original"


class Original:
    """The original's three processes; its producer is restarted for each set of fractals."""

    def __init__(self, site: Site, url: str) -> None:
        self._site = site
        self._url = url
        self._runs = itertools.count(1)

    def run_all(self, tasks: Sequence[FractalTask]) -> float:
        """Return the seconds from the first POST until the last PUT."""
        path = self._site.directory / "tasks.json"
        path.write_text(json.dumps([task.model_dump() for task in tasks]))
        arguments = ("producer", self._site.transport_url, self._url, path)
        name, finished = f"producer-{next(self._runs)}", original_peer.FINISHED
        member = stage.start(self._site, name, ORIGINAL, *arguments, ready=finished)
        return float(re.search(rf"{finished} (\S+) s", member.service.output())[1])


@contextlib.contextmanager
def original(lab: Lab) -> Iterator[Original]:
    """Yield the design of the original faafo."""
    with stage.site(lab) as site:
        api = stage.start(site, "api", ORIGINAL, "api", site.database_url, ready=bare_api.READY)
        arguments = ("worker", site.transport_url, site.images)
        stage.start(site, "worker", ORIGINAL, *arguments, ready=original_peer.READY)
        yield Original(site, stage.url_of(api))


@contextlib.contextmanager
def celery(lab: Lab, slots: int, render_seconds: float | None = None) -> Iterator[stage.Stack]:
    """Yield Flask and Celery on a Redis of its own; nothing but the records is durable.

    :param render_seconds: the pause that stands for the kernel, None with the kernel.
    """
    with stage.site(lab) as site:
        redis = _start_redis(site)
        (port,) = redis.command[2:3]
        url = f"redis://{ADDRESS}:{port}/0"
        with _celery(site, url, slots, render_seconds) as stack:
            stack.members["broker"] = redis
            yield stack


@contextlib.contextmanager
def durable_celery(lab: Lab, slots: int) -> Iterator[stage.Stack]:
    """Yield Flask and Celery on the RabbitMQ of the lab, as durable as faafo."""
    with stage.site(lab) as site:
        url = site.transport_url.replace("rabbit:", "amqp:", 1)
        with _celery(site, url, slots, None) as stack:
            yield stack


@contextlib.contextmanager
def _celery(
    site: Site, broker_url: str, slots: int, render_seconds: float | None
) -> Iterator[stage.Stack]:
    urls = (site.database_url, broker_url)
    api = stage.start(site, "api", CELERY, "api", *urls, ready=bare_api.READY)
    arguments: tuple[Any, ...] = ("worker", *urls, site.images, slots)
    module = CELERY
    if render_seconds is not None:
        module, arguments = "benchmarks.paused", (render_seconds, CELERY, *arguments)
    worker = stage.start(site, "worker", module, *arguments, ready=celery_stack.READY)
    with database.mariadb(site.database_url) as opened:
        yield stage.Stack(stage.url_of(api), opened, {"API": api, "worker": worker})


def _start_redis(site: Site) -> Member:
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is missing; install it with: apt-get install redis-server")
    (port,) = free_ports(1)
    directory = Path(site.directory)
    options = ["--port", port, "--bind", ADDRESS, "--dir", directory, "--save", ""]
    return site.add("redis", [program, *options], "Ready to accept connections")
