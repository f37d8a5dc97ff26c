# SPDX-License-Identifier: Apache-2.0
"""The API with 1 000 000 records against the same with 1 000, on MariaDB."""

import base64
import contextlib
import functools
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

import bcrypt

from benchmarks.report import Report
from faafo.auth.http_basic import PROJECT
from tests.functional.processes import running_api
from tests.functional.servers import MariaDB

FEW, MANY = 1_000, 1_000_000
ROUNDS = 40
MOST_RATIO = 1.5
# Percent of the fractals that are queued or in error; all others are complete.
QUEUED, ERRORS = 10, 2
# What a project owns of them.
HALF, TEN = "half of them", "ten of them"
COLUMNS = """project_id, uuid, created_at, claimable_at, width, height, iterations, xa, xb, ya, yb,
    cx, cy, status, attempt, failures, checksum, duration, size, generated_by"""
# The sequence engine of MariaDB makes the rows; each has its own created_at.
PASSWORD = b"secretsecret"
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"ada:" + PASSWORD).decode()}
KEEP_TEN = f"""UPDATE {{database}}.fractal SET project_id = 'other'
WHERE project_id = '{PROJECT}' AND id NOT IN (SELECT id FROM (SELECT id FROM {{database}}.fractal
WHERE project_id = '{PROJECT}' AND status = 'complete' ORDER BY id LIMIT 10) AS kept)"""
FILL = f"""INSERT INTO {{database}}.fractal ({COLUMNS})
SELECT IF(seq % 2, '{PROJECT}', 'other'), UUID(),
    UTC_TIMESTAMP(6) - INTERVAL {{rows}} - seq SECOND, UTC_TIMESTAMP(6), 256 + seq % 768,
    256 + seq * 7 % 768, 128 + seq % 384, -1.5, 1.5, -1.0, 1.0, -0.8, 0.156, kind.status,
    1, 0, IF(kind.status = 'complete', SHA2(seq, 256), NULL), seq % 997 / 100, 9000 + seq % 40000,
    CONCAT('worker-', seq % 7)
FROM (SELECT seq, CASE WHEN seq % 100 < {QUEUED} THEN 'queued' WHEN seq % 100 < {QUEUED + ERRORS}
    THEN 'error' ELSE 'complete' END AS status FROM {{database}}.seq_1_to_{{rows}}) AS kind"""

# A claim gives each project its share: they are found in the counters.
COUNT = """INSERT INTO {database}.usage (project_id, queued, fractals, bytes, pixels)
SELECT project_id, SUM(status IN ('queued', 'rendering')), COUNT(*), 0, 0
FROM {database}.fractal GROUP BY project_id
ON DUPLICATE KEY UPDATE queued = VALUES(queued), fractals = VALUES(fractals)"""


@dataclass
class Site:
    """An API whose database has ``rows`` rows, and one connection to it."""

    url: str
    rows: int
    headers: dict[str, str] = field(default_factory=dict)
    database_url: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """Make a request; return the body of the answer.

        :raises RuntimeError: when the status is 400 or more.
        """
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **self.headers}
        self.connection.request(method, path, text, headers)
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
        "gallery, one worker": lambda site: site.ask("GET", "/?worker=worker-3"),
        "gallery, one palette": lambda site: site.ask("GET", "/?palette=original"),
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
OWN_WITH_THRESHOLD = ("first page", "next page by cursor", "gallery, /")


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
        ratios = _ratios(sites, _requests(sites), report)
        owned = _owned(mariadb, sites[FEW], sites[MANY].database_url, report)
    report.table(["", "1 000 000 against 1 000"], ratios.items())
    report.table(["in the scope of a project that owns", HALF, TEN], _rows(owned))
    for share, measured in owned.items():
        for name in OWN_WITH_THRESHOLD:
            what = f"{name}: a project that owns {share}, against 1 000 without a login"
            report.at_most(what, MOST_RATIO, measured[name])
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
        mariadb.execute(COUNT.format(database=database))
        mariadb.execute(f"ANALYZE TABLE {database}.fractal")
        yield Site(api.url, rows, database_url=url)


def _owned(mariadb: MariaDB, few: Site, url: str, report: Report) -> dict[str, dict[str, float]]:
    """Return the ratios for a project that owns half of the records, and one that owns ten."""
    found, database = {}, url.rpartition("/")[2]
    for share in (HALF, TEN):
        if share == TEN:
            report.progress("a million records: all but ten get another owner")
            mariadb.execute(KEEP_TEN.format(database=database))
            mariadb.execute(COUNT.format(database=database))
            # Otherwise its indexes keep half a million deleted entries for a while.
            mariadb.execute(f"ALTER TABLE {database}.fractal FORCE")
            mariadb.execute(f"ANALYZE TABLE {database}.fractal")
        with tempfile.TemporaryDirectory() as directory:
            users = Path(directory, "users")
            users.write_bytes(b"ada:%s\n" % bcrypt.hashpw(PASSWORD, bcrypt.gensalt(4)))
            login = {"auth_strategy": "http_basic", "http_basic_auth_user_file": users}
            with running_api(Path(directory), url, **login) as api:
                sites = {FEW: few, MANY: Site(api.url, MANY, LOGIN)}
                found[share] = _ratios(sites, _own_requests(sites), report)
    return found


def _own_requests(sites: dict[int, Site]) -> dict[str, Callable[[Site], Any]]:
    markers = {}
    for rows, site in sites.items():
        page = json.loads(site.ask("GET", "/api/fractal"))["objects"]
        markers[rows] = page[len(page) // 2]["uuid"]
    paths = ("/", "/?sort=longest", "/?sort=largest", "/?status=error", "/?scope=shared")
    pages: dict[str, Callable[[Site], Any]] = {
        "first page": lambda site: site.ask("GET", "/api/fractal"),
        "next page by cursor": lambda site: site.ask(
            "GET", f"/api/fractal?marker={markers[site.rows]}"
        ),
    }
    for path in paths:
        pages[f"gallery, {path}"] = functools.partial(Site.ask, method="GET", path=path)
    return pages


def _rows(owned: dict[str, dict[str, float]]) -> list[tuple[str, float, float]]:
    return [(name, owned[HALF][name], owned[TEN][name]) for name in owned[HALF]]


def _ratios(
    sites: dict[int, Site], requests: dict[str, Callable[[Site], Any]], report: Report
) -> dict[str, float]:
    ratios = {}
    for name, ask in requests.items():
        report.progress(f"a million records: {name}")
        ratios[name] = _ratio(sites, ask, ROUNDS if name in WITH_THRESHOLD else ROUNDS // 5)
    return ratios


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
