# SPDX-License-Identifier: Apache-2.0
"""Measure tiles while all slots render: from a request to the API to the last byte of the answer.

Starts a broker, an API, a producer and a worker of its own (``make bench-tiles``). The same tiles
are asked for in turn with an idle worker and with one whose slots are all busy with renders that
do not end.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from faafo.fractal.constants import CONSTANTS
from faafo.fractal.task import FractalTask
from faafo.fractal.tile import EXTENT, FIRST, SIZE, pitch
from tests.functional.cluster import Cluster
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ, started

BAR_MILLISECONDS = 250.0
BAR_SHARE = 0.95
ITERATIONS = 300
ZOOMS = range(0, 40, 4)
# As many as a page has under way.
AT_ONCE = 4
# Nothing inside of a Siegel disc escapes or is caught, and there is a lot of it.
ENDLESS = {
    "width": 8000,
    "height": 4000,
    "iterations": 100_000,
    "xa": -0.3,
    "xb": 0.3,
    "ya": -0.3,
    "yb": 0.3,
    "cx": -0.3905408702184008,
    "cy": -0.5867879073469686,
}


def paths() -> Iterator[str]:
    """Yield the addresses of tiles on the way down to an edge of each named Julia set."""
    for zoom, one in itertools.product(ZOOMS, CONSTANTS):
        # A fixed point that repels: it lies on the Julia set.
        fixed = (1 + (1 - 4 * complex(one.cx, one.cy)) ** 0.5) / 2
        last = 2**zoom - 1
        x, y = (
            min(last, int((part - FIRST) / (SIZE * pitch(zoom))))
            for part in (fixed.real, fixed.imag)
        )
        assert FIRST <= fixed.real < FIRST + EXTENT
        yield f"/tile/{zoom}/{x}/{y}.png?cx={one.cx}&cy={one.cy}&iterations={ITERATIONS}"


def measure(url: str, at_once: int) -> list[float]:
    """Return the milliseconds that each tile took, with so many under way at a time."""
    session = requests.Session()
    session.trust_env = False

    def fetch(path: str) -> float:
        started_at = time.perf_counter()
        response = session.get(url + path, timeout=30)
        milliseconds = 1000 * (time.perf_counter() - started_at)
        # What was refused has not arrived.
        return milliseconds if response.status_code == 200 else float("inf")

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(fetch, paths()))


def occupy(cluster: Cluster, slots: int) -> list[str]:
    """Fill all slots with endless renders; return their uuids."""
    uuids = [f"00000000-0000-4000-8000-{number:012x}" for number in range(slots)]
    for uuid in uuids:
        cluster.client.create(FractalTask(uuid=uuid, **ENDLESS))
    wait_until(lambda: len(cluster.records("rendering")) == slots, "all slots to be busy")
    return uuids


def release(cluster: Cluster, uuids: list[str]) -> None:
    """Delete the endless fractals, and wait until the worker has given them up."""
    cancelled = len(cluster.services[-1].lines_with("is cancelled"))
    for uuid in uuids:
        requests.delete(f"{cluster.url}/api/fractal/{uuid}", timeout=30)
    wait_until(
        lambda: len(cluster.services[-1].lines_with("is cancelled")) == cancelled + len(uuids),
        "the renders to be given up",
    )


def share(milliseconds: list[float]) -> float:
    """Return the share of tiles that came in time."""
    return sum(one <= BAR_MILLISECONDS for one in milliseconds) / len(milliseconds)


def show(title: str, idle: list[float], busy: list[float]) -> None:
    """Print a table of what was measured."""
    print(f"\n### {title}: {len(idle)} tiles\n")
    print("| worker | median | 95 % within | within 250 ms |")
    print("| --- | ---: | ---: | ---: |")
    for name, values in (("idle", idle), ("all slots busy", busy)):
        twentieth = statistics.quantiles(values, n=20)[-1]
        print(
            f"| {name} | {statistics.median(values):.1f} ms | {twentieth:.1f} ms |"
            f" {100 * share(values):.1f} % |"
        )
    ratio = statistics.median(busy) / statistics.median(idle)
    print(f"\nBusy against idle, medians: {ratio:.2f}")


def run(cluster: Cluster, slots: int, rounds: int) -> bool:
    """Measure in turn, print, and return whether the bar was reached."""
    wait_until(lambda: measure(cluster.url, 1)[-1] < float("inf"), "the first tiles")
    reached = True
    for at_once in (1, AT_ONCE):
        idle: list[float] = []
        busy: list[float] = []
        for _round in range(rounds):
            idle += measure(cluster.url, at_once)
            uuids = occupy(cluster, slots)
            busy += measure(cluster.url, at_once)
            release(cluster, uuids)
        show(f"{at_once} at a time", idle, busy)
        reached = reached and share(busy) >= BAR_SHARE
    return reached


def main() -> int:
    """Run the benchmark; return 1 when fewer tiles than wanted came in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=2, help="slots of the worker")
    parser.add_argument("--rounds", type=int, default=3, help="idle and busy, so many times")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="faafo-tiles-") as directory,
        started(RabbitMQ) as rabbitmq,
        Cluster(
            Path(directory), f"sqlite:///{directory}/faafo.sqlite", f"{rabbitmq.url}/"
        ) as cluster,
    ):
        cluster.start_api(tiles={"transport_url": f"{rabbitmq.url}/"})
        cluster.start_producer()
        cluster.start_worker(slots=arguments.slots)
        reached = run(cluster, arguments.slots, arguments.rounds)
    bar = f"{100 * BAR_SHARE:.0f} % within {BAR_MILLISECONDS:.0f} ms"
    print(f"\nThe bar, {bar} while all slots are busy, was {'' if reached else 'not '}reached.")
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
