# SPDX-License-Identifier: Apache-2.0
"""The memory of idle services, and the time until they are ready."""

import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import requests

from benchmarks import stage
from benchmarks.report import Report
from tests.chaos.site import Member, pause
from tests.functional.processes import run as run_script
from tests.functional.processes import wait_until

STARTS = 5
# Long enough for initialization and a few reports.
SETTLING_SECONDS = 5.0
MOST_MEGABYTES = {"API": 90.0, "producer": 60.0, "worker": 170.0}
# Of the processor: what a user waits for, beside the service's own time.
MOST_CPU_SECONDS = 0.6
COMMANDS: dict[str, tuple[str, ...]] = {
    "faafo fractal list": ("fractal", "list"),
    "faafo fractal list -f yaml": ("fractal", "list", "-f", "yaml"),
    "faafo fractal create": ("fractal", "create"),
    "faafo render": ("render", "--width", "64", "--height", "48", "-o", "x.png"),
    "faafo --help": ("--help",),
    "faafo complete": ("complete",),
}
MOST_SECONDS = {"faafo-api --version": 0.7, "API ready": 2.0, "worker ready": 3.0}
HOW = (
    f"Medians of {STARTS} starts, on a running broker and database and with a kernel that has been "
    "compiled before. The API is ready when its health check succeeds, a worker when it accepts "
    "tasks. CPU is the processor time of a whole command, in user and kernel mode. Memory is the "
    f"resident set {SETTLING_SECONDS:.0f} s after the start."
)


def run(report: Report) -> None:
    """Start the services several times; measure time and memory."""
    report.section("Memory and start", HOW)
    report.progress("footprint: starting RabbitMQ and MariaDB")
    with stage.lab() as lab, stage.site(lab) as site:
        url = site.add_api()
        members = {
            "API": site.members["api-1"],
            "producer": site.add_producer(),
            # Compiles the kernel, unless it is in the cache.
            "worker": site.add_worker(),
        }
        starts = {
            "faafo-api --version": lambda: _time_of_version(site.directory),
            "API ready": lambda: _time_of_start(members["API"], lambda: _is_healthy(url)),
            "worker ready": lambda: _time_of_start(
                members["worker"], members["worker"].has_started
            ),
        }
        for what, start in starts.items():
            seconds = [start() for _ in range(STARTS)]
            report.progress(f"footprint: {what} after {min(seconds):.2f} to {max(seconds):.2f} s")
            report.at_most(what, MOST_SECONDS[what], statistics.median(seconds), "s")
        for what, argv in COMMANDS.items():
            seconds = [_cpu_time(site.directory, url, argv) for _ in range(STARTS)]
            report.at_most(f"CPU time of {what}", MOST_CPU_SECONDS, statistics.median(seconds), "s")
        _measure_memory(report, members)


def _measure_memory(report: Report, members: dict[str, Member]) -> None:
    pause(SETTLING_SECONDS)
    for name, member in members.items():
        megabytes = psutil.Process(member.service.pid).memory_info().rss / 2**20
        what = f"resident memory of an idle {name}"
        report.at_most(what, MOST_MEGABYTES[name], megabytes, "MB")


def _time_of_version(directory: Path) -> float:
    started_at = time.perf_counter()
    assert run_script(directory, "faafo-api", "--version").returncode == 0
    return time.perf_counter() - started_at


def _cpu_time(directory: Path, url: str, argv: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run_script(directory, "faafo", "--url", url, *argv).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _time_of_start(member: Member, is_ready: Callable[[], bool]) -> float:
    member.terminate()
    started_at = time.perf_counter()
    member.start(wait=False)
    wait_until(is_ready, f"{member.name} to be ready")
    return time.perf_counter() - started_at


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthcheck", timeout=10).ok
    except requests.RequestException:
        return False
