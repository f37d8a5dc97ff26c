# SPDX-License-Identifier: Apache-2.0
"""From the start of ``faafo-all`` to its first complete picture, without and with compiled code."""

import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import database, stage
from benchmarks.report import Report
from tests.chaos.site import pause
from tests.functional.processes import Service

STARTS = 3
POLL_SECONDS = 0.01
TIMEOUT_SECONDS = 180.0
COMPLETE = "SELECT 1 FROM fractal WHERE status = 'complete' LIMIT 1"
FIRST, LATER = "first start: nothing is compiled", "later start: compiled code, no records"
HOW = (
    "`faafo-all` as a user starts it, with its own home and the defaults but for the port. The "
    "time is that from the start of the process until a record in its database is complete: the "
    "first picture of the first set that it generates. For the first start the home is empty, so "
    "that the kernel is compiled; for the later one the cache of compiled code of the first is "
    f"kept, and nothing else. In turns, {STARTS} times."
)


def run(report: Report) -> None:
    """Measure both, on homes in temporary directories."""
    report.section("The first picture", HOW)
    seconds: dict[str, list[float]] = {FIRST: [], LATER: []}
    for number in range(STARTS):
        with tempfile.TemporaryDirectory(prefix="faafo-benchmarks-") as home:
            for kept in seconds.values():
                kept.append(_seconds_to_picture(Path(home)))
                _forget_state(Path(home))
        both = " and ".join(f"{measured[-1]:.1f} s" for measured in seconds.values())
        report.progress(f"cold: start {number + 1} of {STARTS}, {both}")
    report.table(
        ("s to the first picture", "least", "median", "most"),
        [
            (name, min(measured), statistics.median(measured), max(measured))
            for name, measured in seconds.items()
        ],
    )


def _seconds_to_picture(home: Path) -> float:
    # By default the cache is beside the source, where it has been filled before.
    command = (f"NUMBA_CACHE_DIR={home / 'numba'}", "faafo-all", "--port", 0)
    started_at = time.monotonic()
    with Service(home, "/usr/bin/env", *command, name="faafo-all") as service:
        while not _has_picture(home):
            waited = time.monotonic() - started_at
            if service.exit_status is not None or waited > TIMEOUT_SECONDS:
                raise RuntimeError(f"no picture after {waited:.0f} s: {service.output()}")
            pause(POLL_SECONDS)
        return time.monotonic() - started_at


def _has_picture(home: Path) -> bool:
    try:
        with database.sqlite(home / stage.ALL_DATABASE) as opened:
            return opened.value(COMPLETE) is not None
    except sqlite3.OperationalError:
        # There is no file yet, or no table in it.
        return False


def _forget_state(home: Path) -> None:
    """Remove records and images; the compiled code stays."""
    shutil.rmtree(home / "state")
