# SPDX-License-Identifier: Apache-2.0
"""Rows: a broker that blocks its clients, no more threads, a slow and a hanging object store."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.chaos.deaths import ALL_SLOTS, SLOTS, WORKERS, populate
from tests.chaos.lab import Lab, Line, Scale, play, tell
from tests.chaos.proxy import Link
from tests.chaos.site import QUICK, UNHURRIED, Site, kept_alive, pause
from tests.chaos.threadless import FLAG
from tests.functional.object_stores import Moto
from tests.functional.stores import S3Backend

LAUNCHER = Path(__file__).with_name("threadless.py")
DRAIN_SECONDS = 5.0
# What a service may take beyond drain_timeout, and what a busy machine takes besides.
SPARE_SECONDS, BUSY_SECONDS = 5.0, 10.0
ALARM_SECONDS = 3.0
THREADLESS_SECONDS = 5.0
SLOW_SECONDS, DELAY_SECONDS = 10.0, 0.2
DRAINING = {
    **QUICK,
    "producer": {**QUICK["producer"], "drain_timeout": DRAIN_SECONDS},
    "worker": {"drain_timeout": DRAIN_SECONDS},
}


def short_of_memory(lab: Lab, rng: Random, scale: Scale) -> Line:
    """memory alarm of RabbitMQ, and SIGTERM of every service meanwhile"""
    return _with_alarm(
        lab,
        rng,
        scale,
        ["set_vm_memory_high_watermark", "0.0000001"],
        ["set_vm_memory_high_watermark", "0.4"],
    )


def short_of_disk(lab: Lab, rng: Random, scale: Scale) -> Line:
    """disk alarm of RabbitMQ, and SIGTERM of every service meanwhile"""
    return _with_alarm(
        lab, rng, scale, ["set_disk_free_limit", "1000000GB"], ["set_disk_free_limit", "50MB"]
    )


def _with_alarm(lab: Lab, rng: Random, scale: Scale, raised: list[str], lifted: list[str]) -> Line:
    with lab.site(DRAINING) as site:
        populate(site, producers=2, apis=2)
        problems: list[str] = []

        def alarm() -> None:
            lab.rabbitmq.control(*raised)
            pause(ALARM_SECONDS)
            for member in site.members.values():
                begun_at = time.monotonic()
                member.terminate()
                took = time.monotonic() - begun_at
                tell("%s ended after %.1f s", member.name, took)
                if took > DRAIN_SECONDS + SPARE_SECONDS + BUSY_SECONDS:
                    problems.append(f"{member.name} ended {took:.1f} s after SIGTERM")
            lab.rabbitmq.control(*lifted)
            for member in site.members.values():
                member.start(wait=False)

        line = play(site, rng, scale, [alarm], ALL_SLOTS, lasting=6 * DRAIN_SECONDS)
        line.problems += problems
        return line


def no_threads(lab: Lab, rng: Random, scale: Scale) -> Line:
    """no thread can be started in workers and producers for a while"""
    with lab.site() as site:
        site.add_api()
        for number in range(1, WORKERS + 1):
            site.add_worker(f"worker-{number}", SLOTS, LAUNCHER)
        site.add_producer(launcher=LAUNCHER)
        flag = site.directory / FLAG

        def run_out() -> None:
            flag.touch()
            pause(THREADLESS_SECONDS)
            flag.unlink()

        lasting = THREADLESS_SECONDS * scale.faults
        # A service that cannot go on ends, and a process manager starts it again.
        with kept_alive(site, "worker", "producer"):
            return play(site, rng, scale, [run_out] * scale.faults, ALL_SLOTS, lasting=lasting)


class SlowLink(Link):
    """A link that can also be slow: each chunk of bytes waits for a moment."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.delay = 0.0

    def _pass_on(self, target: socket.socket, data: bytes) -> None:
        threading.Event().wait(self.delay)
        super()._pass_on(target, data)


def slow_object_store(lab: Lab, rng: Random, scale: Scale) -> Line:
    """the object store is slow for 10 s, or does not answer"""
    with Moto() as moto, moto.bucket() as bucket, SlowLink(moto.port) as link:
        backend = S3Backend(moto, bucket, link)
        url = f"http://127.0.0.1:{link.port}"
        store = backend.options() | {"s3_endpoint_url": url}
        with lab.site({**UNHURRIED, "store": store}) as site:
            populate(site)

            def slow() -> None:
                link.delay = DELAY_SECONDS
                pause(SLOW_SECONDS)
                link.delay = 0.0

            def hang() -> None:
                link.silence()
                pause(scale.away / 3)
                link.heal()

            faults: list[Callable[[], None]] = [slow, hang]
            lasting = SLOW_SECONDS + scale.away / 3
            # An upload that was not answered is repeated, without a render.
            return play(site, rng, scale, faults, ALL_SLOTS, _leases(site), lasting=lasting)


def _leases(site: Site) -> Callable[[object], list[str]]:
    """Return what finds fractals whose lease has expired, which a slow store must not cause."""

    def watch(_ledger: object) -> list[str]:
        faults = [one["fault"] for one in site.records() if "lease" in (one["fault"] or "")]
        return [f"a lease expired: {fault}" for fault in faults]

    return watch
