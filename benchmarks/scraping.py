# SPDX-License-Identifier: Apache-2.0
"""What Prometheus costs an API with a million records, at ten scrapes a second."""

import re
import tempfile
import threading
import time
from pathlib import Path

import psutil
import requests

from benchmarks.million import FILL, MANY
from benchmarks.report import Report
from tests.functional.processes import Api, running_api
from tests.functional.servers import ADDRESS, MariaDB, free_ports

SCRAPES_A_SECOND = 10
SECONDS = 20
MOST_PERCENT = 2.0
# So that there are time series of many routes.
PATHS = ["/", "/healthcheck", "/api/fractal", "/api/claim", "/nowhere", "/api/service", "/explore"]
HOW = (
    f"An API on MariaDB with {MANY:,} records, of which a tenth is queued, and time series of "
    f"{len(PATHS)} routes. Its processor time, in user and kernel mode, over {SECONDS} s with "
    f"{SCRAPES_A_SECOND} scrapes a second, without that of as many seconds with none."
)


def run(report: Report) -> None:
    """Scrapes of metrics."""
    report.section("Scrapes of metrics", HOW)
    (port,) = free_ports(1)
    metrics = {"metrics": {"bind": f"{ADDRESS}:{port}"}}
    with (
        tempfile.TemporaryDirectory() as directory,
        MariaDB() as mariadb,
        mariadb.database() as url,
        running_api(Path(directory), url, groups=metrics) as api,
    ):
        report.progress(f"scrapes: makes {MANY} records")
        database = url.rpartition("/")[2]
        mariadb.execute(FILL.format(database=database, rows=MANY))
        mariadb.execute(f"ANALYZE TABLE {database}.fractal")
        for path in PATHS:
            api.request("GET", path)
        _measure(report, api, f"http://{ADDRESS}:{port}/metrics")


def _measure(report: Report, api: Api, url: str) -> None:
    scrapes = SECONDS * SCRAPES_A_SECOND
    page = requests.get(url, timeout=60).text
    idle = _processor_seconds(api, url, scrapes=0)
    busy = _processor_seconds(api, url, scrapes)
    report.table(
        ["", ""],
        [
            ("time series", len(re.findall("^[^#]", page, re.MULTILINE))),
            ("kilobytes of a scrape", len(page) / 1000),
            (
                "milliseconds of the processor, a scrape",
                1000 * (busy - idle) / scrapes,
            ),
        ],
    )
    what = f"share of a core for {SCRAPES_A_SECOND} scrapes a second"
    report.at_most(what, MOST_PERCENT, 100 * (busy - idle) / SECONDS, "%")


def _processor_seconds(api: Api, url: str, scrapes: int) -> float:
    """Return the processor time of the API in SECONDS with evenly spaced scrapes."""
    process, never = psutil.Process(api.service.pid), threading.Event()
    before = process.cpu_times()
    begun_at = time.perf_counter()
    with requests.Session() as session:
        for number in range(scrapes):
            session.get(url, timeout=60).raise_for_status()
            due = begun_at + (number + 1) * SECONDS / scrapes
            never.wait(max(0.0, due - time.perf_counter()))
    never.wait(max(0.0, begun_at + SECONDS - time.perf_counter()))
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system
