# SPDX-License-Identifier: Apache-2.0
"""Both releases, and a fleet of their services on each kind of database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.servers import MariaDB, RabbitMQ, started
from tests.upgrade.fleet import Fleet
from tests.upgrade.previous import Release, install, this_release


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat tests of random orders, by default with the seeds 1 and 2."""
    if "seed" in metafunc.fixturenames:
        seeds = os.environ.get("FAAFO_UPGRADE_SEEDS", "1 2").split()
        metafunc.parametrize("seed", [int(one) for one in seeds])


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release before this one."""
    return install(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """This release."""
    return this_release(tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A broker."""
    with started(RabbitMQ) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A database server."""
    with started(MariaDB) as server:
        yield server


@pytest.fixture(params=["sqlite", "mariadb"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path, rabbitmq: RabbitMQ) -> Iterator[Fleet]:
    """A fleet without a member, and with an empty database."""
    if request.param == "sqlite":
        with Fleet(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", rabbitmq.virtual_host()) as one:
            yield one
        return
    server: MariaDB = request.getfixturevalue("mariadb")
    with server.database() as url, Fleet(tmp_path, url, rabbitmq.virtual_host()) as one:
        yield one
