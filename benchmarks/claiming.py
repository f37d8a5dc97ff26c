# SPDX-License-Identifier: Apache-2.0
"""What a claim costs with a million records, against the revision before priorities."""

import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text

from benchmarks import before, cpu
from benchmarks.report import Report
from faafo.db.url import parse_url
from tests.functional.servers import MariaDB

# The last revision without priority, fair shares, parts and kinds.
BEFORE = "c9fbb7a"
TURN = Path(__file__).with_name("claims_turn.py")
ROWS = 1_000_000
# Fractals that ask for a label of no worker, on a site of their own.
UNSERVED = 500_000
PROJECTS = 3
CLAIMS, ROUNDS = 50, 11
SIZES = (1, 10)
MOST_RATIO = 1.5
FILL = """INSERT INTO fractal (project_id, uuid, incarnation, created_at, claimable_at, width,
    height, iterations, xa, xb, ya, yb, cx, cy, status, attempt, failures)
SELECT {project}, {uuid}, '0123456789abcdef', '2026-01-01 00:00:00.000000',
    '2026-01-01 00:00:00.000000', 512, 512, 256, -1.5, 1.5, -1.0, 1.0, -0.8, 0.156,
    CASE WHEN n % 10 = 0 THEN 'queued' ELSE 'complete' END, 0, 0 FROM {numbers}"""
NUMBERS = f"""(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
    WHERE n < {ROWS}) SELECT n FROM numbers) AS numbers"""
COUNT = """INSERT INTO {usage} (project_id, queued, fractals, bytes, pixels)
SELECT project_id, SUM(status = 'queued'), COUNT(*), 0, 0 FROM fractal GROUP BY project_id"""
ASK = """UPDATE fractal SET status = 'queued', label = 'nobody', turn_at = '1970-01-01 00:00:00'
WHERE status = 'complete' AND id <= {rows}"""


class Turns:
    """Claims of one revision in one database, in a process of its own."""

    def __init__(self, source: Path, url: str) -> None:
        environment = {**os.environ, **before.ENVIRONMENT, "PYTHONPATH": str(source)}
        self._process = subprocess.Popen(
            [sys.executable, str(TURN), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def take(self, count: int, server: Callable[[], float]) -> tuple[float, float]:
        """Make CLAIMS claims; return CPU milliseconds and rows read, for each.

        :param server: returns the CPU seconds of the server so far.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        begun = server()
        print(CLAIMS, count, file=self._process.stdin, flush=True)
        told = json.loads(self._process.stdout.readline())
        seconds = told["seconds"] + server() - begun
        return 1000 * seconds / CLAIMS, told["rows"] / CLAIMS

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def run(report: Report) -> None:
    """Claims at a million records."""
    report.section(
        "Claims at a million records",
        f"{ROWS:,} records, a tenth of them queued, in {PROJECTS} projects; claims in turns with "
        f"those of {BEFORE}, the last revision without priorities and fair shares. Shown are the "
        "CPU milliseconds of a claim, the server's included, and the rows that MariaDB reads. "
        f"On the last site {UNSERVED:,} more ask for a label that no worker has.",
    )
    with tempfile.TemporaryDirectory(prefix="faafo-claims-") as directory:
        old = _source(Path(directory))
        for name, site in (("SQLite", _sqlite), ("MariaDB", _mariadb)):
            with site(Path(directory), old, report) as (turns, server):
                _measure(report, name, turns, server)


def _measure(
    report: Report, name: str, turns: Mapping[str, Turns], server: Callable[[], float]
) -> None:
    for count in SIZES:
        report.progress(f"claims of {count} on {name}")
        found: dict[str, list[tuple[float, float]]] = {one: [] for one in turns}
        for number in range(ROUNDS + 1):
            for one, taker in turns.items():
                measured = taker.take(count, server)
                # The first round fills the caches.
                if number:
                    found[one].append(measured)
        cost = {one: statistics.median(ms for ms, _rows in some) for one, some in found.items()}
        rows = {one: statistics.median(rows for _ms, rows in some) for one, some in found.items()}
        table = [(one, cost[one], rows[one]) for one in turns]
        report.table([f"claims of {count}, {name}", "CPU ms", "rows read"], table)
        old, new, unserved = turns
        what = f"a claim of {count} on {name}"
        report.at_most(f"{what}: against the one before", MOST_RATIO, cost[new] / cost[old])
        report.at_most(f"{what}: with what nobody serves", MOST_RATIO, cost[unserved] / cost[new])


def _source(directory: Path) -> Path:
    """Return the source of the revision before."""
    archive, source = directory / "source.tar", directory / "source"
    source.mkdir()
    subprocess.run(["git", "-C", before.ROOT, "archive", "--output", archive, BEFORE], check=True)
    subprocess.run(["tar", "-xf", archive, "-C", source], check=True)
    return source


def _sources(old: Path) -> dict[str, Path]:
    return {BEFORE: old, "now": before.ROOT, "now, with others that nobody serves": before.ROOT}


@contextlib.contextmanager
def _sqlite(
    directory: Path, old: Path, report: Report
) -> Iterator[tuple[dict[str, Turns], Callable[[], float]]]:
    with contextlib.ExitStack() as stack:
        turns = {}
        for number, (name, source) in enumerate(_sources(old).items()):
            report.progress(f"makes {ROWS:,} records on SQLite: {name}")
            path = directory / f"{number}.sqlite"
            _upgrade(source, f"sqlite:///{path}")
            with contextlib.closing(sqlite3.connect(path)) as connection:
                project, uuid = f"'project-' || (n / 10 % {PROJECTS})", "hex(randomblob(18))"
                connection.execute(FILL.format(project=project, uuid=uuid, numbers=NUMBERS))
                connection.execute(COUNT.format(usage="usage"))
                if number == 2:
                    connection.execute(ASK.format(rows=UNSERVED))
                connection.commit()
            turns[name] = Turns(source, f"sqlite:///{path}")
            stack.callback(turns[name].end)
        yield turns, lambda: 0.0


@contextlib.contextmanager
def _mariadb(
    _directory: Path, old: Path, report: Report
) -> Iterator[tuple[dict[str, Turns], Callable[[], float]]]:
    with contextlib.ExitStack() as stack:
        mariadb = stack.enter_context(MariaDB())
        turns = {}
        for number, (name, source) in enumerate(_sources(old).items()):
            report.progress(f"makes {ROWS:,} records on MariaDB: {name}")
            url = stack.enter_context(mariadb.database())
            _upgrade(source, url)
            made = create_engine(parse_url(url))
            with made.begin() as connection:
                project = f"CONCAT('project-', FLOOR(n / 10) % {PROJECTS})"
                numbers = f"(SELECT seq AS n FROM seq_1_to_{ROWS}) AS numbers"
                filled = FILL.format(project=project, uuid="UUID()", numbers=numbers)
                connection.execute(text(filled))
                connection.execute(text(COUNT.format(usage="`usage`")))
                if number == 2:
                    connection.execute(text(ASK.format(rows=UNSERVED)))
                connection.execute(text("ANALYZE TABLE fractal"))
            made.dispose()
            turns[name] = Turns(source, url)
            stack.callback(turns[name].end)
        process: psutil.Process = cpu.server(cpu.DATABASE)
        yield turns, lambda: cpu.spent(process)


def _upgrade(source: Path, url: str) -> None:
    code = (
        "import sys; from sqlalchemy import create_engine; from faafo.db import engine, schema; "
        "from faafo.db.url import parse_url; url = parse_url(sys.argv[1]); "
        "schema.upgrade(create_engine(url, **engine.engine_options(url)))"
    )
    environment = {**os.environ, **before.ENVIRONMENT, "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-c", code, url], check=True, env=environment)
