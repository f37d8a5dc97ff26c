# SPDX-License-Identifier: Apache-2.0
"""Releases that do not fit: each says in one line what is wrong, and nothing is half done."""

from random import Random

import pytest
import requests
from sqlalchemy import create_engine, inspect, text

from faafo.db.url import parse_url
from tests.functional.processes import wait_until
from tests.upgrade.check_rolling import fine_tasks, tasks_of_both
from tests.upgrade.fleet import ALL, Fleet, faults
from tests.upgrade.previous import Release

POSTER = {"width": 600, "height": 400, "iterations": 50, "split": 3, "cx": -0.8, "cy": 0.156}
WINDOW = {"xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1}


def tables(fleet: Fleet) -> dict[str, list[str]]:
    """Return the columns of each table, and the revision of the schema."""
    opened = create_engine(parse_url(fleet.database_url))
    found = inspect(opened)
    columns = {
        name: [column["name"] for column in found.get_columns(name)]
        for name in found.get_table_names()
    }
    with opened.connect() as connection:
        columns["revision"] = [*connection.scalars(text("SELECT version_num FROM alembic_version"))]
    opened.dispose()
    return columns


def refused(fleet: Fleet, release: Release, script: str, *arguments: str) -> str:
    """Run a command that must fail; return the only line that says why."""
    before = tables(fleet)
    arguments = ("--config-file", str(fleet.config("api-1")), *arguments)
    done = release.attempt(fleet.directory, script, *arguments)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    assert tables(fleet) == before
    (line,) = (one for one in done.stdout.splitlines() if "revision" in one or "later" in one)
    return line


@pytest.mark.parametrize(
    "words", [("faafo-api",), ("faafo-manage", "db", "upgrade"), ("faafo-manage", "db", "version")]
)
def test_this_release_refuses_the_schema_of_a_later_one(fleet: Fleet, new, words):
    fleet.upgrade(new)
    opened = create_engine(parse_url(fleet.database_url))
    with opened.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.dispose()
    script, *arguments = words
    line = refused(fleet, new, script, *arguments)
    assert "revision 9999, of a later release of faafo than this one" in line
    assert "restore the backup that was made before its upgrade" in line


def test_an_api_of_the_release_before_does_not_start_on_this_schema(fleet: Fleet, old, new):
    fleet.upgrade(old)
    fleet.upgrade(new)
    assert "revision" in refused(fleet, old, "faafo-api")
    assert "revision" in refused(fleet, old, "faafo-manage", "db", "upgrade")


def test_what_old_workers_cannot_render_waits_and_the_system_page_says_so(fleet: Fleet, old, new):
    fleet.upgrade(new)
    with fleet.starting_together():
        for name in ALL:
            fleet.start(name, old if name.startswith("worker") else new)
    ledger = fleet.ledger()
    rng = Random(3)
    ledger.post_all([*tasks_of_both(rng, 6), *fine_tasks(rng)], 1.0)
    posted = requests.post(f"{fleet.apis[0]}/api/fractal", json=POSTER | WINDOW, timeout=60)
    assert posted.status_code == 201, posted.text
    poster = posted.json()
    wait_until(lambda: fleet.count("complete") == 6, "what old workers can draw")
    waiting = len(fine_tasks(rng)) + POSTER["split"]
    page = wait_until(lambda: _page_with(fleet, "for a worker of a later version"), "the page")
    assert f"{waiting} fractals wait for a worker of a later version: none that is up" in page
    assert fleet.count("error") == 0
    for producer in fleet.of("producer"):
        (line,) = producer.service.lines_with("worker worker-1 (faafo 0.9.0) knows version 1 of")
        assert "wait for other workers" in line
    fleet.replace("worker-1", new)
    path = f"{fleet.apis[0]}/api/fractal/{poster['uuid']}"
    wait_until(lambda: requests.get(path, timeout=60).json()["status"] == "complete", "the poster")
    requests.delete(path, timeout=60).raise_for_status()
    assert faults(fleet.settle(ledger)) == []


def _page_with(fleet: Fleet, words: str) -> str:
    page = requests.get(f"{fleet.apis[0]}/system", timeout=60).text
    return page if words in page else ""
