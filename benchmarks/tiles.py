# SPDX-License-Identifier: Apache-2.0
"""Measure tiles while all slots render: from a request to the API to the last byte of the answer.

Starts a broker, an API, a producer and a worker (``make bench-tiles``). The same tiles are
requested in turn from an idle worker and from one whose slots are all occupied by renders that do
not end.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.tile_site import tile_site
from faafo.fractal.constants import CONSTANTS
from faafo.fractal.task import FractalTask
from faafo.fractal.tile import EXTENT, FIRST, SIZE, pitch
from tests.functional.cluster import Cluster
from tests.functional.processes import wait_until

MOST_MILLISECONDS = 250.0
LEAST_SHARE = 0.95
ITERATIONS = 300
ZOOMS = range(0, 40, 4)
# The number of requests that the explorer has in flight.
AT_ONCE = 4
# No orbit inside of a Siegel disc escapes or enters a trap, and the disc covers most of the window.
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
    """Return the milliseconds of each tile, with ``at_once`` requests in flight."""
    session = requests.Session()
    session.trust_env = False

    def fetch(path: str) -> float:
        started_at = time.perf_counter()
        response = session.get(url + path, timeout=30)
        milliseconds = 1000 * (time.perf_counter() - started_at)
        # A refused tile counts as never received.
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
    """Delete the endless fractals, and wait until the worker has cancelled them."""
    cancelled = len(cluster.services[-1].lines_with("is cancelled"))
    for uuid in uuids:
        requests.delete(f"{cluster.url}/api/fractal/{uuid}", timeout=30)
    wait_until(
        lambda: len(cluster.services[-1].lines_with("is cancelled")) == cancelled + len(uuids),
        "the renders to be cancelled",
    )


def share(milliseconds: list[float]) -> float:
    """Return the share of tiles received within MOST_MILLISECONDS."""
    return sum(one <= MOST_MILLISECONDS for one in milliseconds) / len(milliseconds)


def show(title: str, idle: list[float], busy: list[float]) -> None:
    """Print a table of the measured times."""
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
    """Measure in turn, print, and return whether the threshold was met."""
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
        reached = reached and share(busy) >= LEAST_SHARE
    return reached


def main() -> int:
    """Run the benchmark; return 1 when the threshold was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=2, help="slots of the worker")
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        help="number of rounds, each with an idle and a busy worker",
    )
    arguments = parser.parse_args()
    with tile_site(arguments.slots) as cluster:
        reached = run(cluster, arguments.slots, arguments.rounds)
    threshold = f"{100 * LEAST_SHARE:.0f} % within {MOST_MILLISECONDS:.0f} ms"
    outcome = "met" if reached else "missed"
    print(f"\nThe threshold, {threshold} while all slots are busy, was {outcome}.")
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
