# SPDX-License-Identifier: Apache-2.0
"""The way back of a whole site, and the next way forward, as the guides of both say it."""

import os
import subprocess
from pathlib import Path
from random import Random

from sqlalchemy.engine import URL

from faafo.db.url import parse_url
from tests.functional.processes import wait_until
from tests.upgrade.check_rolling import tasks_of_both
from tests.upgrade.fleet import ALL, Fleet, faults
from tests.upgrade.news import News

COUNT = 20


def test_all_go_back_with_the_backup_and_forward_again(fleet: Fleet, old, new):
    rng = Random(4)
    fleet.upgrade(old)
    fleet.start_all(old)
    ledger = fleet.ledger()
    ledger.post_all(tasks_of_both(rng, COUNT), 2.0)
    backup = fleet.directory / "backup"
    back_up(fleet, backup)
    fleet.upgrade(new)
    for name in ALL:
        fleet.replace(name, new)
    later, news = fleet.ledger(), News(fleet.apis[0])
    later.post_all(tasks_of_both(rng, COUNT), 1.0)
    news.post()
    wait_until(lambda: fleet.count("complete") == 2 * COUNT + len(news.uuids), "all to be complete")
    for name in reversed(ALL):
        fleet.members[name].terminate()
    restore(fleet, backup)
    for name in ALL:
        fleet.start_again(name, old)
    assert faults(fleet.settle(ledger)) == []
    fleet.upgrade(new)
    for name in ALL:
        fleet.replace(name, new)
    # What came after the backup is gone, but for its images.
    assert fleet.count("complete") == COUNT
    config = ("--config-file", fleet.config("api-1"))
    new.run(fleet.directory, "faafo-manage", *config, "store", "sweep", "--older-than", "0")
    assert len([*fleet.images.iterdir()]) == COUNT
    again = News(fleet.apis[0])
    again.post()
    again.finish()
    assert faults(fleet.settle(ledger)) == []


def back_up(fleet: Fleet, backup: Path) -> None:
    """Save the database while it is used."""
    url = parse_url(fleet.database_url)
    if url.get_backend_name() == "sqlite":
        _shell(f"sqlite3 {url.database} '.backup {backup}'")
    else:
        _shell(f"mariadb-dump {_options(url)} --single-transaction {url.database} > {backup}", url)


def restore(fleet: Fleet, backup: Path) -> None:
    """Replace the database by what was saved, while nobody uses it."""
    url = parse_url(fleet.database_url)
    if url.get_backend_name() == "sqlite":
        _shell(f"rm -f {url.database}-wal {url.database}-shm && cp {backup} {url.database}")
        return
    client = f"mariadb {_options(url)}"
    again = f"DROP DATABASE {url.database}; CREATE DATABASE {url.database}"
    _shell(f"{client} -e '{again}' && {client} {url.database} < {backup}", url)


def _options(url: URL) -> str:
    return f"--host={url.host} --port={url.port} --user={url.username}"


def _shell(command: str, url: URL | None = None) -> None:
    password = {} if url is None else {"MYSQL_PWD": str(url.password)}
    environment = {**os.environ, **password}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
