# SPDX-License-Identifier: Apache-2.0
"""The database's clock."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import mysql

from faafo.db.clock import moment


def test_the_database_knows_the_time_in_utc(session):
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=0.01)
    found = session.scalar(select(moment()))
    assert before <= found <= before + timedelta(seconds=10)


def test_it_can_be_moved_both_ways(session):
    now, later, earlier = session.execute(select(moment(), moment(90.5), moment(-3600))).one()
    assert timedelta(seconds=-0.01) < later - now - timedelta(seconds=90.5) < timedelta(seconds=1)
    assert timedelta(seconds=-0.01) < earlier - now + timedelta(hours=1) < timedelta(seconds=1)


def test_moments_compare_with_each_other(session):
    assert session.scalar(select(moment(-0.002) < moment()))
    assert session.scalar(select(moment(0.5) > moment()))


def test_mariadb_counts_microseconds():
    sql = str(select(moment(1.5)).compile(dialect=mysql.dialect()))
    assert "UTC_TIMESTAMP(6) + INTERVAL %s SECOND" in sql
