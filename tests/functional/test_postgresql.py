# SPDX-License-Identifier: Apache-2.0
"""What differs on PostgreSQL: migrations, claims, times, text, and what its errors mean."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from faafo.db import claims, engine, posting, schema
from faafo.db.outcomes import RetryPolicy
from faafo.db.url import parse_url
from faafo.fractal.task import FractalTask
from tests.functional.postgresql import PostgreSQL
from tests.functional.processes import SMALL_FRACTAL, run, write_config

POLICY = RetryPolicy(max_attempts=3, delay=1.0, longest_delay=2.0)


@pytest.fixture(scope="module")
def opened(postgresql: PostgreSQL) -> Iterator[Engine]:
    """An engine of a database with the latest schema, shared by the tests of this file."""
    with postgresql.database() as text:
        url = parse_url(text)
        made = create_engine(url, **engine.engine_options(url, 10.0))
        schema.upgrade(made)
        yield made
        made.dispose()


def post(opened: Engine, count: int) -> None:
    uuids = [str(uuid.uuid4()) for _ in range(count)]
    tasks = [FractalTask(uuid=one, cx=0.1, cy=0.2, **SMALL_FRACTAL) for one in uuids]
    with Session(opened) as session:
        posting.post_all(session, tasks)


def test_an_upgrade_brings_an_empty_database_to_the_latest_revision(tmp_path, postgresql_url):
    config = write_config(tmp_path / "api.conf", DEFAULT={"database_url": postgresql_url})
    for verb in ("upgrade", "version"):
        done = run(tmp_path, "faafo-manage", "--config-file", config, "db", verb)
        assert done.returncode == 0, done.stderr
        assert schema.head() in done.stdout


def test_claims_at_the_same_time_give_each_fractal_once(opened):
    post(opened, 60)

    def claim_all(name: str) -> list[str]:
        taken: list[str] = []
        with Session(opened) as session:
            while found := claims.claim(session, name, 4, 30.0, POLICY):
                taken += [one.uuid for one in found]
        return taken

    with ThreadPoolExecutor(4) as threads:
        found = [one for some in threads.map(claim_all, "abcd") for one in some]
    assert len(found) == len(set(found)) == 60
