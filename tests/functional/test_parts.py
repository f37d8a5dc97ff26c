# SPDX-License-Identifier: Apache-2.0
"""Posters on a server: what changes all parts of one misses none that is queued meanwhile."""

import threading
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from faafo.db import claims, fractals, leases, outcomes, posting
from faafo.db import engine as engines
from faafo.db.claims import Terms
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy
from faafo.db.url import parse_url
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.lease import Lease
from faafo.fractal.parts import divided
from faafo.fractal.task import FractalTask, Status
from tests.functional.processes import upgrade_database, wait_until

ONCE = RetryPolicy(max_attempts=1, delay=0.0, longest_delay=0.0)
TASK = {"width": 4, "height": 3, "iterations": 5, "xa": -1, "xb": 1, "ya": -1, "yb": 1}
WAITING = {
    "mysql": "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    "postgresql": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted",
}
ANALYZE = {"mysql": "ANALYZE TABLE fractal", "postgresql": "ANALYZE fractal"}


@pytest.fixture(scope="module")
def engine(database_server):
    with database_server.database() as database_url:
        upgrade_database(database_url)
        url = parse_url(database_url)
        engine = create_engine(url, **engines.engine_options(url, 30, 8))
        with Session(engine) as session:
            # With less the whole table is scanned.
            task = FractalTask(uuid=str(uuid4()), **TASK | {"height": 500}, cx=0.1, cy=0.2)
            posting.post(session, task, bands=divided(500, 500))
            claims.claim(session, "other", 500, 600.0, ONCE, Terms(PARAMETER_VERSION))
            session.commit()
            session.execute(text(ANALYZE[engine.dialect.name]))
            session.commit()
        yield engine
        engine.dispose()


def delete(session, uuid, _lease):
    fractals.remove(session, uuid)


def fail(session, _uuid, lease):
    outcomes.fail(session, lease, "no memory", ONCE)


@pytest.mark.parametrize(("deed", "left"), [(delete, []), (fail, [Status.ERROR] * 3)])
def test_a_part_that_is_released_meanwhile_is_not_missed(engine, deed, left) -> None:
    with Session(engine) as session, Session(engine) as other:
        task = FractalTask(uuid=str(uuid4()), **TASK, cx=0.1, cy=0.2)
        uuid = posting.post(session, task, bands=divided(3, 3))["uuid"]
        claimed = claims.claim(session, "me", 9, 60.0, ONCE, Terms(PARAMETER_VERSION))
        first, locked, released = (Lease(one.uuid, one.attempt, one.token) for one in claimed)
        other.execute(select(Fractal).where(Fractal.uuid == locked.uuid).with_for_update())

        def act() -> None:
            with Session(engine) as one:
                deed(one, uuid, first)

        waiting = text(WAITING[engine.dialect.name])
        actor = threading.Thread(target=act)
        actor.start()
        try:
            wait_until(lambda: session.scalar(waiting), "the deed to wait for a part")
            session.rollback()
            leases.release(session, "me", [leases.Release(released)], ONCE)
        finally:
            other.rollback()
            actor.join()
        statuses = select(Fractal.status).where(Fractal.parent == uuid)
        assert session.scalars(statuses).all() == left
