# SPDX-License-Identifier: Apache-2.0
"""Storing fractals in lists."""

from pymysql.cursors import RE_INSERT_VALUES
from sqlalchemy import select
from sqlalchemy.dialects import mysql

from faafo.db import claims, fractals, posting
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy


def test_a_list_is_one_statement_for_mariadb():
    # PyMySQL joins the rows of a statement that this matches, and sends any other row by row.
    row = dict.fromkeys(("uuid", "created_at", "claimable_at", "width"))
    statement = posting.INSERT_ROWS.compile(dialect=mysql.dialect(), column_keys=list(row))
    assert RE_INSERT_VALUES.match(str(statement))


def test_a_list_has_the_time_of_the_database_and_is_claimed_in_its_order(session, make_task):
    before = fractals.get(session, fractals.add(session, make_task()).uuid)
    tasks = [make_task() for _ in range(3)]
    records = posting.post_all(session, tasks)
    after = fractals.get(session, fractals.add(session, make_task()).uuid)
    stored = session.scalars(select(Fractal).where(Fractal.uuid.in_([t.uuid for t in tasks]))).all()
    assert [one.as_dict() for one in stored] == records
    assert all(before.created_at <= one.created_at <= after.created_at for one in stored)
    claimed = claims.claim(session, "a producer", 10, 30.0, RetryPolicy(5, 1.0, 60.0))
    assert [one.uuid for one in claimed] == [before.uuid, *(t.uuid for t in tasks), after.uuid]
