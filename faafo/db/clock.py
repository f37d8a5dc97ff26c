# SPDX-License-Identifier: Apache-2.0
"""The database's clock: all leases are timed by it, since the clocks of API hosts differ."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Date, DateTime, Float, literal
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# Times are UTC without a zone, on PostgreSQL, too: neither SQLite nor MariaDB stores one.
Moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


class moment(FunctionElement[datetime]):  # noqa: N801 - reads like the SQL function it stands for
    """The current time of the database plus ``seconds``."""

    type = Moment
    inherit_cache = True

    def __init__(self, seconds: float | BindParameter[float] = 0.0) -> None:
        is_given = isinstance(seconds, BindParameter)
        super().__init__(seconds if is_given else literal(float(seconds), Float))


@compiles(moment, "sqlite")
def _sqlite(element: moment, compiler: Any, **kw: Any) -> str:
    # The format in which SQLAlchemy stores times in SQLite, whose clock counts milliseconds.
    seconds = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', printf('%+.3f seconds', {seconds}))"


@compiles(moment, "mysql", "mariadb")
def _mysql(element: moment, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(UTC_TIMESTAMP(6) + INTERVAL {seconds} SECOND)"


@compiles(moment, "postgresql")
def _postgresql(element: moment, compiler: Any, **kw: Any) -> str:
    # Of the statement, as in MariaDB: now() is that of the transaction.
    seconds = compiler.process(element.clauses, **kw)
    return f"(statement_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => {seconds}))"


class today(FunctionElement[date]):  # noqa: N801
    """The current day of the database, in UTC."""

    type = Date()
    inherit_cache = True


@compiles(today, "sqlite")
def _today_sqlite(element: today, compiler: Any, **kw: Any) -> str:
    return "date('now')"


@compiles(today, "mysql", "mariadb")
def _today_mysql(element: today, compiler: Any, **kw: Any) -> str:
    return "UTC_DATE()"


@compiles(today, "postgresql")
def _today_postgresql(element: today, compiler: Any, **kw: Any) -> str:
    return "CAST(statement_timestamp() AT TIME ZONE 'UTC' AS DATE)"
