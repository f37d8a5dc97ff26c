# SPDX-License-Identifier: Apache-2.0
"""Rows: a full disk, a cluster of brokers, and the default settings."""

import contextlib
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

from faafo.fractal.task import FractalTask
from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Lab, Line, Scale, play, tell
from tests.chaos.ledger import HEAVY
from tests.chaos.site import QUICK, UNHURRIED, Member, Site, pause
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ

# A worker makes sure that there is a megabyte.
DISK_BYTES = 3 * 2**20
FULL_SECONDS = 4.0
# What the promise says for a killed worker, with default settings.
ELSEWHERE_SECONDS = 15.0
LONG_ITERATIONS = 100_000
LONG_SECONDS = 60.0


def full_disk(lab: Lab, rng: Random, scale: Scale) -> Line:
    """the disk under the image store is full for a while"""
    with lab.site(UNHURRIED) as site, _small_disk(site):
        populate(site)
        filler = site.images / "filler"

        def said() -> list[Member]:
            notice = "No space left on device"
            return [one for one in site.of("worker") if one.service.lines_with(notice)]

        def fill() -> None:
            _fill(filler)
            pause(FULL_SECONDS)
            # On a busy machine a worker may need longer to notice.
            with contextlib.suppress(AssertionError):
                wait_until(said, "a worker to say that the disk is full")
            filler.unlink()

        faults = [fill] * (scale.faults if scale.full else 1)
        line = play(site, rng, scale, faults, ALL_SLOTS, lasting=FULL_SECONDS * len(faults))
        if not said():
            line.problems.append("no worker said that the disk is full")
        # It is no fault of a fractal that there is no room for its image.
        blamed = [one["uuid"] for one in site.records() if one["failures"]]
        line.problems += [f"{uuid} was blamed for the full disk" for uuid in blamed]
        left = [path.name for path in site.images.iterdir() if path.suffix != ".png"]
        line.problems += [f"{name} is left in the store" for name in left]
        return line


@contextlib.contextmanager
def _small_disk(site: Site) -> Iterator[None]:
    """Give the images of a site a disk of their own, which only root can."""
    site.images.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", site.images]
    subprocess.run(command, check=True)
    try:
        yield
    finally:
        for member in site.members.values():
            member.kill()
        subprocess.run(["umount", site.images], check=True)


def _fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def quorum_queues(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of one of 3 RabbitMQ nodes with quorum queues"""
    settings = {**QUICK, "oslo_messaging_rabbit": {"rabbit_quorum_queue": True}}
    with RabbitMQ(cluster=True) as cluster, lab.site(settings) as site:
        site.transport_url = cluster.url
        populate(site)

        def kill_first_node() -> None:
            cluster.kill()
            pause(scale.away / 3)
            cluster.start()

        return play(site, rng, scale, [kill_first_node], ALL_SLOTS, lasting=scale.away / 3)


def default_settings(lab: Lab, rng: Random, scale: Scale) -> Line:
    """default settings: kill -9 of a worker in a long render, next to a render of 60 s and more"""
    with lab.site(settings={}) as site:
        site.add_api()
        site.add_worker("worker-1", slots=1)
        site.add_worker("worker-2", slots=1)
        site.add_producer()
        ledger = site.ledger()
        long, doomed = (_long_task(rng, factor) for factor in (1.0, 0.5))
        ledger.post(long, site.apis[0])
        survivor = wait_until(lambda: _renderer_of(site, long.uuid), "the long render to begin")
        ledger.post(doomed, site.apis[0])
        victim = wait_until(lambda: _renderer_of(site, doomed.uuid), "the other one to begin")
        site.add_worker("worker-3", slots=1)
        pause(5)
        killed_at = time.monotonic()
        victim.kill()
        wait_until(
            lambda: _renderer_of(site, doomed.uuid, but=victim), "its fractal to run elsewhere"
        )
        elsewhere = time.monotonic() - killed_at
        tell("running elsewhere after %.1f s", elsewhere)
        verdict = site.settle(ledger, timeout=600)
        line = Line(1, verdict, site.rendered_twice(), 1, elsewhere)
        if elsewhere > ELSEWHERE_SECONDS:
            line.problems.append(f"running elsewhere after {elsewhere:.1f} s only")
        (record,) = [one for one in site.records() if one["uuid"] == long.uuid]
        tell("the long render took %.1f s, attempt %d", record["duration"], record["attempt"])
        if record["duration"] < LONG_SECONDS:
            line.problems.append(f"the long render took {record['duration']:.1f} s only")
        if record["attempt"] != 1 or record["failures"] or survivor is victim:
            line.problems.append(f"the long render was taken for dead: {record}")
        return line


def _long_task(rng: Random, factor: float) -> FractalTask:
    values = {**HEAVY, "width": 2600, "height": 2600}
    values["iterations"] = int(LONG_ITERATIONS * factor)
    return FractalTask(uuid=str(uuid.UUID(int=rng.getrandbits(128), version=4)), **values)


def _renderer_of(site: Site, task: str, but: object = None):
    """Return the worker that has begun to render a task."""
    for member in site.of("worker"):
        if member is not but and member.service.lines_with(f"processing task {task}"):
            return member
    return None
