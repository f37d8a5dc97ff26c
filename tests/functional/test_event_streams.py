# SPDX-License-Identifier: Apache-2.0
"""Event streams of two APIs on one server: what one of them records, clients of both get."""

import contextlib
import uuid as uuidlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from sqlalchemy import Connection, create_engine, insert, select

from faafo.db.clock import moment
from faafo.db.event_models import Event
from faafo.db.url import parse_url
from tests.functional.databases import DatabaseServer
from tests.functional.event_stream import EventStream
from tests.functional.processes import Api, Service, running_api, wait_until

MANY = 100
# A quarter of the connections of an API.
MOST = 250


@pytest.fixture(scope="module")
def database(database_server: DatabaseServer) -> Iterator[str]:
    with database_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def api(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api"), database) as api:
        yield api


@pytest.fixture(scope="module")
def twin(api: Api) -> Iterator[Api]:
    with api.twin() as twin:
        yield twin


@contextlib.contextmanager
def another(api: Api, name: str) -> Iterator[Api]:
    """Run a further process; the test may kill it."""
    arguments = ("--config-file", api.config)
    with Service(api.config.parent, "faafo-api", *arguments, name=name) as service:
        yield replace(api, service=service, url=service.wait_for_url())


def uuid_of(got) -> str:
    return got.data["data"]["uuid"]


def test_many_clients_get_what_another_process_records(api: Api, twin: Api) -> None:
    with contextlib.ExitStack() as opened:
        streams = [opened.enter_context(EventStream(api.url)) for _ in range(MANY)]
        for stream in streams:
            stream.opened()
        uuid = twin.post_fractal()["uuid"]
        twin.request("DELETE", f"/api/fractal/{uuid}").raise_for_status()
        for stream in streams:
            got = [stream.next() for _ in range(2)]
            assert [one.type for one in got] == ["fractal.queued", "fractal.deleted"]
            assert [uuid_of(one) for one in got] == [uuid, uuid]
        # The others of the process are answered as ever.
        assert api.request("GET", "/").status_code == 200


def test_a_quarter_of_the_connections_can_be_streams_and_each_is_free_once_its_client_is_gone(
    twin: Api,
) -> None:
    with contextlib.ExitStack() as opened:
        for _ in range(MOST):
            opened.enter_context(EventStream(twin.url))
        refused = twin.request("GET", "/api/event")
        assert refused.status_code == 503
        assert refused.json()["message"].startswith("too many requests wait or follow events")
        assert twin.request("GET", "/healthcheck").status_code == 200

    def is_free() -> bool:
        with requests.get(f"{twin.url}/api/event", stream=True, timeout=60) as answer:
            return answer.ok

    wait_until(is_free, "a place", timeout=10.0)


def test_nothing_is_missed_while_an_api_is_restarted(api: Api) -> None:
    with another(api, "killed") as killed, EventStream(killed.url) as stream:
        stream.opened()
        uuids = [api.post_fractal()["uuid"] for _ in range(2)]
        got = [stream.until("fractal.queued") for _ in range(2)]
        assert [uuid_of(one) for one in got] == uuids
        killed.service.kill()
        assert list(stream) == []
    missed = [api.post_fractal()["uuid"] for _ in range(3)]
    with another(api, "restarted") as restarted, EventStream(restarted.url, got[0].id) as stream:
        again = [stream.until("fractal.queued") for _ in range(4)]
        assert [uuid_of(one) for one in again] == [uuids[1], *missed]
        restarted.service.tell_to_stop()
        assert "reset" not in [one.type for one in stream]


def write(connection: Connection) -> int:
    """Write an event, and return its id; the caller commits."""
    columns = {
        "uuid": str(uuidlib.uuid4()),
        "type": "fractal.queued",
        "fractal_uuid": str(uuidlib.uuid4()),
        "shared": False,
        "attempt": 0,
        "body": "{}",
        "created_at": connection.scalar(select(moment())),
    }
    return connection.execute(insert(Event.__table__).values(**columns)).inserted_primary_key[0]


def test_an_event_that_is_committed_late_is_not_missed(api: Api, database: str) -> None:
    engine = create_engine(parse_url(database))
    with EventStream(api.url) as stream, engine.connect() as slow, engine.connect() as fast:
        stream.opened()
        settled, late, early = write(fast), write(slow), write(fast)
        fast.commit()
        assert [stream.next().id for _ in range(2)] == [settled, settled]
        with EventStream(api.url, settled) as second:
            assert second.next().id == settled
            slow.commit()
            for one in (stream, second):
                assert one.until("fractal.queued").id == early
    assert settled < late < early
    engine.dispose()
