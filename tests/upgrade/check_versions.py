# SPDX-License-Identifier: Apache-2.0
"""Releases that do not fit: each says in one line what is wrong, and nothing is half done."""

import os
import uuid
from collections.abc import Sequence

import requests
from sqlalchemy import create_engine, inspect, text

from faafo.db import schema
from faafo.db.url import parse_url
from tests.functional.processes import wait_until
from tests.upgrade.fleet import Fleet
from tests.upgrade.previous import REVISION, Release

# Commands of an administrator that open the database.
COMMANDS = (
    ("faafo-api",),
    ("faafo-all",),
    ("faafo-manage", "db", "upgrade"),
    ("faafo-manage", "db", "version"),
    ("faafo-manage", "fractal", "retry", "--all-errors"),
    ("faafo-manage", "store", "sweep", "--older-than", "0"),
)


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


def refused(fleet: Fleet, release: Release, words: Sequence[str]) -> str:
    """Run a command that must fail and change nothing; return the only line that says why."""
    before, images = tables(fleet), sorted(fleet.images.iterdir())
    script, *arguments = words
    config = ("--config-file", fleet.config("api-1"))
    done = release.attempt(fleet.directory, script, *config, *arguments)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    assert (tables(fleet), sorted(fleet.images.iterdir())) == (before, images)
    (line,) = (one for one in done.stdout.splitlines() if "revision" in one or "later" in one)
    return line


def execute(fleet: Fleet, statement: str) -> None:
    """Change the database by hand."""
    opened = create_engine(parse_url(fleet.database_url))
    with opened.begin() as connection:
        connection.execute(text(statement))
    opened.dispose()


def leave_an_image(fleet: Fleet) -> None:
    """Store what a sweep would remove."""
    fleet.images.mkdir()
    path = fleet.images / f"{uuid.uuid4()}.png"
    path.write_bytes(b"")
    os.utime(path, (0, 0))


def test_this_release_refuses_the_schema_of_a_later_one(fleet: Fleet, new):
    fleet.upgrade(new)
    leave_an_image(fleet)
    execute(fleet, "UPDATE alembic_version SET version_num = '9999'")
    for words in COMMANDS:
        line = refused(fleet, new, words)
        assert "revision 9999, of a later release of faafo than this one" in line, words
        assert "restore the backup that was made before its upgrade" in line, words


def test_the_release_before_refuses_this_schema(fleet: Fleet, old, new):
    fleet.upgrade(old)
    fleet.upgrade(new)
    leave_an_image(fleet)
    for words in COMMANDS:
        line = refused(fleet, old, words)
        assert schema.head() in line, words


def test_this_release_refuses_the_schema_before_until_it_is_upgraded(fleet: Fleet, old, new):
    fleet.upgrade(old)
    leave_an_image(fleet)
    api, _all, _upgrade, *others = COMMANDS
    # An API upgrades the schema of a SQLite database itself.
    for words in others if fleet.database_url.startswith("sqlite") else (api, *others):
        line = refused(fleet, new, words)
        assert f"at revision {REVISION} and faafo needs {schema.head()}" in line, words
        assert "run 'faafo-manage db upgrade'" in line, words
    assert f"it is {REVISION}, needed is {schema.head()}" in checked(fleet, new, 1)
    fleet.start("api-1", old)
    fleet.upgrade(new)
    # Old APIs go on, new ones start beside them.
    fleet.start("api-2", new)
    for url in fleet.apis:
        assert requests.get(f"{url}/api/fractal", timeout=120).json()["num_results"] == 0
    fleet.replace("api-1", new)
    fleet.start("producer-1", new)
    fleet.start("worker-1", old)
    wait_until(
        lambda: "services of other versions" in checked(fleet, new), "the old worker to be known"
    )
    fleet.replace("worker-1", new)
    wait_until(lambda: "services of other" not in checked(fleet, new), "the old worker to be gone")
    assert "Success" in checked(fleet, new, 0)


def checked(fleet: Fleet, release: Release, status: int | None = None) -> str:
    """Return what ``faafo-status upgrade check`` prints, in one line."""
    config = ("--config-file", fleet.config("api-1"))
    done = release.attempt(fleet.directory, "faafo-status", *config, "upgrade", "check")
    assert status in (None, done.returncode), done.stdout
    # A table with borders.
    return " ".join(done.stdout.replace("|", " ").split())
