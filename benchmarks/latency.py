# SPDX-License-Identifier: Apache-2.0
"""The latency of a single fractal, from POST to complete: idle systems, and under load."""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from benchmarks import load, stage
from benchmarks.figures import median_ratio
from benchmarks.peers import bare_rpc
from benchmarks.pictures import anew, default_tasks
from benchmarks.report import Report
from faafo.fractal.task import FractalTask
from tests.chaos.lab import Lab
from tests.chaos.site import pause

SLOTS = 2
WARM_UP = 40
ROUNDS = 12
CALLS = 3
# Between two requests, so that each system has been idle for longer when its turn comes again.
REST_SECONDS = 1.5
POLL_SECONDS = 0.001
TIMEOUT_SECONDS = 60.0
ALL, CLUSTER, BARE = "faafo-all", "three services", f"{CALLS} bare RPC calls"
MOST_TO_BARE = {ALL: 5.0, CLUSTER: 8.0}
HOW = (
    "One fractal within the producer's default ranges at a time, in turns, while nothing else runs "
    f"and each system has rested for about {REST_SECONDS * 2:.0f} s. The client keeps one "
    f"connection: it sends the POST and then, {1000 * POLL_SECONDS:.0f} ms after each answer, a "
    "GET, until the record is complete. The time from the POST to that answer, without the "
    "`duration` in the record, which is the render, is what the service adds. Beside it, in the "
    f"same rounds: {CALLS} RPC calls over the same RabbitMQ, one after the other, of an empty "
    "method, with oslo.messaging's defaults. The threshold is for the median of the ratios."
)


def run(report: Report) -> None:
    """Measure faafo-all and the three services."""
    report.section("Latency of a single fractal", HOW)
    report.progress("latency: starting RabbitMQ, MariaDB, faafo and faafo-all")
    with (
        stage.lab() as lab,
        stage.faafo_all(lab, SLOTS) as one,
        stage.faafo(lab, SLOTS) as three,
        _bare(lab) as caller,
    ):
        stacks = {ALL: one, CLUSTER: three}
        for stack in stacks.values():
            stack.run_all(anew(default_tasks(WARM_UP, seed=0)))
        caller.time(CALLS)
        _measure_idle(report, stacks, caller)


@contextlib.contextmanager
def _bare(lab: Lab) -> Iterator[bare_rpc.Caller]:
    with stage.site(lab) as site:
        module, url = "benchmarks.peers.bare_rpc", site.transport_url
        stage.start(site, "bare", module, url, ready=bare_rpc.READY)
        with bare_rpc.caller(url) as caller:
            yield caller


class Client:
    """A client with one connection that waits for the fractals that it posts."""

    def __init__(self, url: str) -> None:
        self._connection = load.Connection(urlsplit(url).port)

    def seconds_beyond_render(self, task: FractalTask) -> float:
        """Post ``task``; return the seconds until it is seen complete, without its render.

        :raises RuntimeError: when it is not complete within TIMEOUT_SECONDS.
        """
        post = load.prepared("POST", "/api/fractal", task.model_dump())
        get = load.prepared("GET", f"/api/fractal/{task.uuid}", None)
        never = threading.Event()
        started_at = time.perf_counter()
        self._connection.ask(post)
        while time.perf_counter() - started_at < TIMEOUT_SECONDS:
            _status, body = self._connection.ask(get)
            seconds = time.perf_counter() - started_at
            record = json.loads(body)
            if record.get("status") == "complete":
                return seconds - record["duration"]
            never.wait(POLL_SECONDS)
        raise RuntimeError(f"fractal {task.uuid} is not complete after {TIMEOUT_SECONDS:g} s")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _measure_idle(
    report: Report, stacks: Mapping[str, stage.Stack], caller: bare_rpc.Caller
) -> None:
    measured: dict[str, list[float]] = {name: [] for name in (*stacks, BARE)}
    clients = {name: Client(stack.url) for name, stack in stacks.items()}
    for number, task in enumerate(default_tasks(ROUNDS, seed=300), start=1):
        for name, client in clients.items():
            pause(REST_SECONDS)
            measured[name].append(client.seconds_beyond_render(*anew([task])))
            stacks[name].settle(1)
        measured[BARE].append(caller.time(CALLS))
        latest = ", ".join(f"{name} {1000 * seen[-1]:.1f}" for name, seen in measured.items())
        report.progress(f"latency: round {number} of {ROUNDS}, ms: {latest}")
    for client in clients.values():
        client.close()
    report.table(
        ("ms beyond the render", "least", "median", "most"),
        [
            (name, 1000 * min(seen), 1000 * statistics.median(seen), 1000 * max(seen))
            for name, seen in measured.items()
        ],
    )
    for name, most in MOST_TO_BARE.items():
        ratio = median_ratio(measured[name], measured[BARE])
        what = f"latency of a single fractal beyond its render, {name}, to {BARE}"
        report.at_most(what, most, ratio, "times")
