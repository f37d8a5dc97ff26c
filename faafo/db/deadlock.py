# SPDX-License-Identifier: Apache-2.0
"""Retrying a transaction that the database rolled back to resolve a deadlock."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError
from tenacity import RetryCallState, retry, retry_if_exception, stop_after_attempt

from faafo.db.sqlstate import sqlstate

# ER_LOCK_DEADLOCK of MySQL and MariaDB: "try restarting transaction".
DEADLOCK = 1213
# The SQLSTATEs of PostgreSQL: deadlock_detected, serialization_failure.
SQLSTATES = ("40P01", "40001")
ATTEMPTS = 10

P = ParamSpec("P")
R = TypeVar("R")


def retry_on_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose first argument is a session retry its transaction after a deadlock.

    The function must be one transaction from its first query to its last. The database lets the
    other transaction of a deadlock proceed, so this one is retried without a delay.
    """
    return retry(
        retry=retry_if_exception(_is_deadlock),
        stop=stop_after_attempt(ATTEMPTS),
        before_sleep=_roll_back,
        reraise=True,
    )(function)


def _is_deadlock(error: BaseException) -> bool:
    if not isinstance(error, OperationalError) or error.orig is None:
        return False
    return error.orig.args[:1] == (DEADLOCK,) or sqlstate(error) in SQLSTATES


def _roll_back(state: RetryCallState) -> None:
    session = state.args[0]
    session.rollback()
