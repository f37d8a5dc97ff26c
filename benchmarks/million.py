# SPDX-License-Identifier: Apache-2.0
"""The API with 1 000 000 records against the same with 1 000, on MariaDB."""

import contextlib
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.report import Report
from tests.functional.processes import running_api
from tests.functional.servers import MariaDB

FEW, MANY = 1_000, 1_000_000
ROUNDS = 40
MOST_RATIO = 1.5
# Percent of the fractals that are queued or in error; all others are complete.
QUEUED, ERRORS = 10, 2
COLUMNS = """uuid, created_at, claimable_at, width, height, iterations, xa, xb, ya, yb, cx, cy,
    status, attempt, failures, checksum, duration, size, generated_by"""
# The sequence engine of MariaDB makes the rows; each has its own created_at.
FILL = f"""INSERT INTO {{database}}.fractal ({COLUMNS})
SELECT UUID(), UTC_TIMESTAMP(6) - INTERVAL {{rows}} - seq SECOND, UTC_TIMESTAMP(6), 256 + seq % 768,
    256 + seq * 7 % 768, 128 + seq % 384, -1.5, 1.5, -1.0, 1.0, -0.8, 0.156, kind.status,
    1, 0, IF(kind.status = 'complete', SHA2(seq, 256), NULL), seq % 997 / 100, 9000 + seq % 40000,
    CONCAT('worker-', seq % 7)
FROM (SELECT seq, CASE WHEN seq % 100 < {QUEUED} THEN 'queued' WHEN seq % 100 < {QUEUED + ERRORS}
    THEN 'error' ELSE 'complete' END AS status FROM {{database}}.seq_1_to_{{rows}}) AS kind"""


@dataclass
class Site:
    """An API whose database has ``rows`` rows, and one connection to it."""

    url: str
    rows: int
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """Make a request; return the body of the answer.

        :raises RuntimeError: when the status is 400 or more.
        """
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}, {content!r:.200}")
        return content

    def marker_at(self, share: float) -> str:
        """Return the uuid of the fractal at ``share`` of the list, found by its created_at."""
        created = json.loads(self.ask("GET", "/api/fractal?results_per_page=1"))["objects"][0]
        seconds = int(self.rows * share)
        moment = time.strptime(created["created_at"][:19], "%Y-%m-%dT%H:%M:%S")
        deep = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.localtime(time.mktime(moment) - seconds))
        filters = [{"name": "created_at", "op": "<=", "val": deep}]
        page = self.ask(
            "GET", f"/api/fractal?results_per_page=1&q={quote(json.dumps({'filters': filters}))}"
        )
        return json.loads(page)["objects"][0]["uuid"]


def _filter(name: str, op: str, val: Any) -> str:
    q = {"filters": [{"name": name, "op": op, "val": val}]}
    return f"/api/fractal?q={quote(json.dumps(q))}"


CLAIM = {"claimed_by": "benchmark", "count": 1, "lease": 60}


def _requests(sites: dict[int, Site]) -> dict[str, Callable[[Site], Any]]:
    """Return the requests by name; those with a threshold come first."""
    markers = {rows: site.marker_at(0.9) for rows, site in sites.items()}
    return {
        "first page": lambda site: site.ask("GET", "/api/fractal"),
        "deep page by cursor": lambda site: site.ask(
            "GET", f"/api/fractal?marker={markers[site.rows]}"
        ),
        "claim": lambda site: site.ask("POST", "/api/claim", CLAIM),
        "gallery": lambda site: site.ask("GET", "/"),
        "gallery, deep": lambda site: site.ask("GET", f"/?older_than={markers[site.rows]}"),
        "gallery, longest first": lambda site: site.ask("GET", "/?sort=longest"),
        "gallery, largest first": lambda site: site.ask("GET", "/?sort=largest"),
        "gallery, small ones": lambda site: site.ask("GET", "/?size=small"),
        "gallery, large ones, of which there are none": lambda site: site.ask(
            "GET", "/?size=large"
        ),
        "one fractal": lambda site: site.ask("GET", f"/api/fractal/{markers[site.rows]}"),
        "page 90, by number": lambda site: site.ask(
            "GET", f"/api/fractal?page={int(0.009 * site.rows)}"
        ),
        "filter: queued": lambda site: site.ask("GET", _filter("status", "==", "queued")),
        "filter: complete": lambda site: site.ask("GET", _filter("status", "==", "complete")),
        "filter: width, which has no index": lambda site: site.ask(
            "GET", _filter("width", "==", 300)
        ),
    }


WITH_THRESHOLD = ("first page", "deep page by cursor", "claim", "gallery")


def run(report: Report) -> None:
    """A million records."""
    report.section(
        "A million records",
        f"Two APIs on one MariaDB: {FEW:,} records in one database, {MANY:,} in the other, "
        f"{QUEUED} % queued, {ERRORS} % in error. Each request is sent to both in turn, over HTTP. "
        "Shown is the median time of several rounds with the large one divided by that with the "
        "small one. The time of requests without a threshold grows with the rows that they read.",
    )
    with MariaDB() as mariadb, contextlib.ExitStack() as stack:
        sites = {rows: stack.enter_context(_site(mariadb, rows, report)) for rows in (FEW, MANY)}
        ratios = {}
        for name, ask in _requests(sites).items():
            report.progress(f"a million records: {name}")
            ratios[name] = _ratio(sites, ask, ROUNDS if name in WITH_THRESHOLD else ROUNDS // 5)
    report.table(["", "1 000 000 against 1 000"], ratios.items())
    for name in WITH_THRESHOLD:
        report.at_most(f"{name}: 1 000 000 records against 1 000", MOST_RATIO, ratios[name])
    report.bars(
        "million",
        "Time with 1 000 000 records, 1 000 = 1",
        {name: ratios[name] for name in WITH_THRESHOLD},
        "less is better",
    )


@contextlib.contextmanager
def _site(mariadb: MariaDB, rows: int, report: Report) -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory() as directory,
        mariadb.database() as url,
        running_api(Path(directory), url) as api,
    ):
        report.progress(f"a million records: makes {rows} of them")
        database = url.rpartition("/")[2]
        mariadb.execute(FILL.format(database=database, rows=rows))
        mariadb.execute(f"ANALYZE TABLE {database}.fractal")
        yield Site(api.url, rows)


def _ratio(sites: dict[int, Site], ask: Callable[[Site], Any], rounds: int) -> float:
    seconds: dict[int, list[float]] = {rows: [] for rows in sites}
    for site in sites.values():
        ask(site)
    for _ in range(rounds):
        for rows, site in sites.items():
            started_at = time.perf_counter()
            ask(site)
            seconds[rows].append(time.perf_counter() - started_at)
    return statistics.median(seconds[MANY]) / statistics.median(seconds[FEW])
