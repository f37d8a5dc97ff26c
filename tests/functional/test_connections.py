# SPDX-License-Identifier: Apache-2.0
"""Connections to the database: kept while they are used, replaced when they have died."""

from contextlib import ExitStack

import pytest
from sqlalchemy import create_engine, exc, text

from faafo.db import deadline, engine, failover
from faafo.db.url import parse_url
from tests.functional.databases import DatabaseServer
from tests.functional.processes import Service, running_api, upgrade_database, write_config


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def pool(server_url, now):
    """An engine whose one connection was used just now, and then ended by the server."""
    url = parse_url(server_url)
    made = create_engine(url, **engine.engine_options(url, 5.0), pool_size=1)
    engine.look_after_connections(made, lambda: now[0])
    yield made
    made.dispose()


# What a statement may take at most, in seconds.
LIMIT = {
    "mysql": "SELECT @@max_statement_time",
    "postgresql": "SELECT setting::float / 1000 FROM pg_settings WHERE name = 'statement_timeout'",
}
ENDLESS = {
    "mysql": "SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b",
    "postgresql": "SELECT COUNT(*) FROM generate_series(1, 99999999)",
}


def kill_connection(database_server: DatabaseServer, pool) -> None:
    with pool.connect() as connection:
        number = connection.scalar(text(database_server.CONNECTION))
    database_server.end_connection(number)


def test_one_that_has_died_while_nobody_used_it_is_replaced(database_server, pool, now) -> None:
    kill_connection(database_server, pool)
    now[0] += 2 * engine.TRUSTED_SECONDS
    with pool.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_one_that_was_used_a_moment_ago_is_not_tried_first(database_server, pool) -> None:
    kill_connection(database_server, pool)
    with pytest.raises(exc.DBAPIError), pool.connect() as connection:
        connection.scalar(text("SELECT 1"))
    # Once the pool knows, it has another one.
    with pool.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_what_the_client_has_given_up_is_ended(pool) -> None:
    with pool.connect() as connection:
        assert float(connection.scalar(text(LIMIT[pool.dialect.name]))) == 5.0


def test_a_search_is_ended_at_its_deadline(pool) -> None:
    deadline.set_deadlines(pool, 0.1)
    endless = text(ENDLESS[pool.dialect.name])
    with pool.connect() as connection:
        with pytest.raises(exc.OperationalError) as caught:
            connection.execute(endless, execution_options=deadline.BOUNDED)
        assert deadline.is_too_slow(caught.value)
        connection.rollback()
        assert connection.scalar(text("SELECT 1"), execution_options=deadline.BOUNDED) == 1
        connection.rollback()
        assert float(connection.scalar(text(LIMIT[pool.dialect.name]))) == 5.0


def test_a_database_that_is_read_only_is_not_healthy(database_server, server_url, tmp_path) -> None:
    with running_api(tmp_path, server_url) as api:
        with database_server.read_only():
            answer = api.request("GET", "/healthcheck")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
        assert api.request("GET", "/healthcheck").status_code == 200
        assert api.service.lines_with("opening new connections")


def test_connections_to_what_is_no_primary_any_more_are_replaced(
    database_server, server_url, now
) -> None:
    url = parse_url(server_url)
    made = create_engine(url, **engine.engine_options(url, 5.0, threads=2))
    failover.follow_primary(made, lambda: now[0])

    def numbers() -> set[int]:
        with made.connect() as one, made.connect() as other:
            ids = {each.scalar(text(database_server.CONNECTION)) for each in (one, other)}
            one.rollback()
            other.rollback()
        return ids

    def refused() -> None:
        with pytest.raises(exc.DBAPIError), made.connect() as connection:
            connection.execute(text("UPDATE deletions SET count = 1"))

    with made.begin() as connection:
        connection.execute(text("CREATE TABLE deletions (count INTEGER)"))
    with database_server.read_only():
        first = numbers()
        refused()
        second = numbers()
        assert not first & second
        # Not all again at once.
        refused()
        assert len(numbers() & second) == 1
        now[0] += failover.PAUSE_SECONDS
        third = numbers()
        refused()
        assert not third & numbers()
    with made.begin() as connection:
        connection.execute(text("UPDATE deletions SET count = 1"))
    made.dispose()


def test_an_api_that_is_led_to_a_replica_says_so_in_a_line_and_waits(
    database_server, server_url, tmp_path
) -> None:
    upgrade_database(server_url)
    options = {"database_url": server_url, "bind_port": 0, "filesystem_store_datadir": tmp_path}
    config = write_config(tmp_path / "api.conf", DEFAULT=options)
    with ExitStack() as replica:
        replica.enter_context(database_server.read_only())
        with Service(tmp_path, "faafo-api", "--config-file", config) as api:
            line = api.wait_for_line("trying again in")
            assert "read-only" in line
            assert "://faafo:***@127.0.0.1:" in line
            replica.close()
            api.wait_for_url()
            assert "Traceback" not in api.output()
