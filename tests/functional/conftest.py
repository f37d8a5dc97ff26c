# SPDX-License-Identifier: Apache-2.0
"""What the functional tests share: servers that start once a session, when somebody asks."""

from collections.abc import Iterator

import pytest

# It chooses the threads of oslo.messaging, before a test imports that.
import faafo.rpc  # noqa: F401
from tests.functional.cluster import see_off
from tests.functional.databases import CHOSEN, DATABASES, Chosen, DatabaseServer
from tests.functional.keystone import Keystone, Memcached
from tests.functional.object_stores import Moto, Swift
from tests.functional.postgresql import PostgreSQL
from tests.functional.processes import Api, running_api
from tests.functional.redis_server import Redis
from tests.functional.servers import RabbitMQ, started

# Marks a test of the fixture ``api`` in which the database cannot matter.
on_sqlite = pytest.mark.parametrize("api", ["sqlite"], indirect=True, scope="module")


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ server."""
    with started(RabbitMQ) as server:
        yield server
        see_off()


@pytest.fixture(scope="session")
def rabbitmq_url(rabbitmq: RabbitMQ) -> str:
    """The transport URL of the RabbitMQ server with its default virtual host, shared by all."""
    return f"{rabbitmq.url}/"


@pytest.fixture
def transport_url(rabbitmq: RabbitMQ) -> str:
    """The transport URL of a virtual host that is this test's own."""
    return rabbitmq.virtual_host()


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    """A server of the kind that the tests run on; its ``database()`` is for a wider scope."""
    with started(Chosen) as server:
        yield server


@pytest.fixture
def server_url(database_server: DatabaseServer) -> Iterator[str]:
    """The URL of an empty database of that server that is this test's own."""
    with database_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[PostgreSQL]:
    """A PostgreSQL server, whatever the other tests run on."""
    if CHOSEN == "postgresql":
        yield request.getfixturevalue("database_server")
        return
    with started(PostgreSQL) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The ``postgresql://`` URL of an empty database that is this test's own."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """An object store that keeps everything in memory."""
    with started(Moto) as server:
        yield server


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    """A Swift with an S3 API."""
    with started(Swift) as server:
        yield server


@pytest.fixture(scope="module")
def keystone() -> Iterator[Keystone]:
    """A Keystone of the tests of one file, which change its users and its catalogue."""
    with started(Keystone) as server:
        yield server


@pytest.fixture(scope="module")
def memcached() -> Iterator[Memcached]:
    """A memcached of the tests of one file."""
    with started(Memcached) as server:
        yield server


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    """A Redis of the tests of one file, which empty, fill and kill it."""
    with started(Redis) as server:
        yield server


@pytest.fixture(scope="module", params=DATABASES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api``, once on SQLite and once on a server; the tests of a module share it."""
    directory = tmp_path_factory.mktemp(f"api-{request.param}")
    options = {"retry_delay": 0.2, "retry_delay_max": 0.4, "max_attempts": 3}
    if request.param == "sqlite":
        with running_api(directory, **options) as api:
            yield api
        return
    server: DatabaseServer = request.getfixturevalue("database_server")
    with server.database() as url, running_api(directory, url, **options) as api:
        yield api
