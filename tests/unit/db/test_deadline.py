# SPDX-License-Identifier: Apache-2.0
"""Statements that the database ends at their deadline."""

import pytest
from sqlalchemy import create_engine, exc, text

from faafo.db.deadline import BOUNDED, is_too_slow, set_deadlines

COUNT = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n{}) SELECT max(x) FROM n"
ENDLESS = text(COUNT.format(""))
LONG = text(COUNT.format(" LIMIT 100000"))


@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/test.sqlite", pool_size=1, max_overflow=0)
    set_deadlines(engine, 0.0)
    yield engine
    engine.dispose()


def test_a_statement_with_a_deadline_is_ended(engine):
    with engine.connect() as connection, pytest.raises(exc.OperationalError) as caught:
        connection.execute(ENDLESS, execution_options=BOUNDED)
    assert is_too_slow(caught.value)


def test_a_statement_without_a_deadline_is_not(engine):
    for _ in range(2):
        with engine.connect() as connection, pytest.raises(exc.OperationalError):
            connection.execute(ENDLESS, execution_options=BOUNDED)
        with engine.connect() as connection:
            assert connection.scalar(LONG) == 100_000


def test_any_other_error_is_not_about_the_deadline(engine):
    with engine.connect() as connection, pytest.raises(exc.OperationalError) as caught:
        connection.execute(text("SELECT * FROM nothing"), execution_options=BOUNDED)
    assert not is_too_slow(caught.value)
