# SPDX-License-Identifier: Apache-2.0
"""A soak: minutes of posting at half the measured capacity, to see that nothing grows.

``python -m tests.soak --minutes 10`` starts RabbitMQ, a database server and the three services,
measures how many fractals a second they see through, posts half as many for so long, and prints a
table of memory, file descriptors and listing time. It ends with 1 when one of them has grown.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from faafo.client.http import Client
from faafo.fractal.task import FractalTask
from tests.functional.cluster import Cluster, running
from tests.functional.databases import KINDS
from tests.functional.processes import Service, wait_until
from tests.functional.servers import RabbitMQ

BURST = 400
POSTING_THREADS = 4
SAMPLE_SECONDS = 10.0
# What Python and its allocator take until they have seen everything once.
SETTLING_SHARE = 0.2
# What may come and go: memory in MB, file descriptors (connections), and the factor of a listing.
MEMORY_SLACK = 12.0
DESCRIPTOR_SLACK = 8
LISTING_SLACK = 1.5


@dataclass(frozen=True)
class Sample:
    """What one service uses: memory in MB, and the number of open file descriptors."""

    memory: float
    descriptors: int


def small_task() -> FractalTask:
    """Return a fractal that is rendered in about a millisecond: what is tested is the way."""
    return FractalTask(
        uuid=str(uuid.uuid4()),
        width=96,
        height=64,
        iterations=100,
        xa=-1.6,
        xb=1.6,
        ya=-1.1,
        yb=1.1,
        cx=-0.8,
        cy=0.156,
    )


def number_of(url: str, status: str) -> int:
    q = f'{{"filters": [{{"name": "status", "op": "eq", "val": "{status}"}}]}}'
    answer = requests.get(f"{url}/api/fractal", params={"q": q, "results_per_page": 1}, timeout=60)
    return answer.json()["num_results"]


def measure_capacity(cluster: Cluster, client: Client) -> float:
    """Return how many fractals a second are seen through while many are queued."""
    with ThreadPoolExecutor(POSTING_THREADS) as pool:
        list(pool.map(lambda _: client.create(small_task()), range(BURST)))
    before, started_at = number_of(cluster.url, "complete"), time.monotonic()
    wait_until(lambda: number_of(cluster.url, "complete") >= BURST, "the burst", timeout=300)
    return (BURST - before) / (time.monotonic() - started_at)


def listing_milliseconds(url: str) -> float:
    """Return the median time of the first page."""

    def one() -> float:
        started_at = time.perf_counter()
        requests.get(f"{url}/api/fractal", timeout=60)
        return 1000 * (time.perf_counter() - started_at)

    return statistics.median(one() for _ in range(30))


def sample(service: Service) -> Sample:
    process = psutil.Process(service.pid)
    return Sample(process.memory_info().rss / 2**20, process.num_fds())


def post(client: Client, rate: float, stop: threading.Event) -> int:
    """Post ``rate`` fractals a second until ``stop`` is set; return how many."""
    posted, started_at = 0, time.monotonic()
    while not stop.wait(max(0.0, started_at + posted / rate - time.monotonic())):
        client.create(small_task())
        posted += 1
    return posted


def soak(cluster: Cluster, minutes: float) -> bool:
    """Load the cluster, print what it used, and return whether that stayed the same."""
    client = cluster.client
    cluster.start_worker(slots=2)
    cluster.start_producer()
    capacity = measure_capacity(cluster, client)
    print(f"capacity: {capacity:.0f} fractals/s; posting {capacity / 2:.0f}/s", flush=True)
    first_listing = listing_milliseconds(cluster.url)
    samples: dict[str, list[Sample]] = {service.name: [] for service in cluster.services}
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post, client, capacity / 2, stop)
        try:
            for _ in _every(SAMPLE_SECONDS, 60 * minutes):
                for service in cluster.services:
                    samples[service.name].append(sample(service))
        finally:
            stop.set()
        posted = posting.result()
    wait_until(
        lambda: number_of(cluster.url, "complete") == BURST + posted, "the rest", timeout=300
    )
    last_listing = listing_milliseconds(cluster.url)
    print(f"posted and complete: {posted}, in error: {number_of(cluster.url, 'error')}\n")
    flat = [_tell(name, taken) for name, taken in samples.items()]
    print(f"\nfirst page: {first_listing:.1f} ms before, {last_listing:.1f} ms after")
    return all(flat) and last_listing <= LISTING_SLACK * first_listing


def _every(seconds: float, duration: float) -> Iterator[None]:
    pause, end = threading.Event(), time.monotonic() + duration
    while time.monotonic() < end:
        pause.wait(seconds)
        yield


def _tell(name: str, taken: list[Sample]) -> bool:
    """Print a row about one service; return whether it has not grown."""
    settled = taken[int(len(taken) * SETTLING_SHARE) :]
    early, late = settled[0], settled[-1]
    most = max(one.descriptors for one in settled)
    print(
        f"{name:16} memory {early.memory:6.1f} -> {late.memory:6.1f} MB   "
        f"descriptors {early.descriptors:3} -> {late.descriptors:3}, {most} at most"
    )
    return (
        late.memory - early.memory <= MEMORY_SLACK
        and late.descriptors - early.descriptors <= DESCRIPTOR_SLACK
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--database", choices=[*KINDS], default="mariadb", help="what keeps the records"
    )
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        RabbitMQ() as rabbitmq,
        KINDS[chosen.database]() as database,
        database.database() as database_url,
        running(Path(directory), database_url, f"{rabbitmq.url}/") as cluster,
    ):
        return 0 if soak(cluster, chosen.minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
