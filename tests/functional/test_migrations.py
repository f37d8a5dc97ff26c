# SPDX-License-Identifier: Apache-2.0
"""Upgrades of the database that are interrupted, and that run at the same time."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from faafo.db import gallery, schema
from faafo.db.finding import NO_FILTER, Filter
from faafo.db.gallery import Choice, Order
from faafo.db.scope import EVERYTHING, SHARED, Scope
from faafo.db.url import parse_url
from tests.functional.databases import DATABASES, DatabaseServer
from tests.functional.processes import run

ROOT = Path(__file__).parents[2]
# The latest revision is new; ``make chaos`` kills upgrades from every revision.
START = "0019"
SCOPES = (EVERYTHING, SHARED, Scope("project"))
FILTERS = (
    NO_FILTER,
    Filter(palette="dawn", worker="w", uuid="a"),
    Filter(palette="dawn"),
    Filter(since=date(2026, 1, 1), until=date.max),
)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/faafo.sqlite"
        return
    database_server: DatabaseServer = request.getfixturevalue("database_server")
    with database_server.database() as url:
        yield url


# On SQLite an upgrade is one transaction; make chaos kills those, too.
def test_an_upgrade_that_is_killed_after_any_statement_is_completed_by_the_next(server_url):
    command = [sys.executable, "-m", "tests.functional.killed_upgrades", server_url, START]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *faults, kills = done.stdout.splitlines()
    assert faults == []
    assert int(kills) >= 1


def test_of_two_upgrades_at_the_same_time_one_waits_for_the_other(url, tmp_path):
    config = tmp_path / "api.conf"
    config.write_text(f"[DEFAULT]\ndatabase_url = {url}\n")
    command = [sys.executable, "-m", "faafo.cmd.manage", "--config-file", str(config)]
    both = [
        subprocess.Popen([*command, "db", "upgrade"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert run(tmp_path, "faafo-manage", "--config-file", config, "db", "version").returncode == 0


def test_an_upgrade_that_the_first_release_left_half_done_is_completed(url):
    opened = create_engine(parse_url(url))
    schema.upgrade(opened, revision="0003")
    with opened.begin() as connection:
        connection.execute(
            text("ALTER TABLE fractal ADD palette VARCHAR(16) DEFAULT 'original' NOT NULL")
        )
    schema.upgrade(opened)
    schema.check(opened)
    # MariaDB refuses a query that names an index which is not there.
    with Session(opened) as session:
        for order, scope, wanted in itertools.product(Order, SCOPES, FILTERS):
            choice = Choice(order=order, scope=scope, filter=wanted)
            assert gallery.first(session, choice, 1) == []
    opened.dispose()
