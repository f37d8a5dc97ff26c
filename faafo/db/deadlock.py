# SPDX-License-Identifier: Apache-2.0
"""Retrying a transaction that the database rolled back to resolve a deadlock."""

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError
from tenacity import (
    RetryCallState,
    retry,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    wait_random_exponential,
)

from faafo.db.sqlstate import sqlstate

# ER_LOCK_DEADLOCK of MySQL and MariaDB: "try restarting transaction".
DEADLOCK = 1213
# ER_CHECKREAD: MariaDB 11.8 says so of a row that has changed since it was read.
DEADLOCKS = {DEADLOCK, 1020}
# The SQLSTATEs of PostgreSQL: deadlock_detected, serialization_failure.
SQLSTATES = ("40P01", "40001")
ATTEMPTS = 12
# Seconds of the longest pause before the first retry, which doubles, and of the longest one.
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.25
# Never set: a pause ends by itself.
_NEVER = threading.Event()

P = ParamSpec("P")
R = TypeVar("R")


def retry_on_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose first argument is a session retry its transaction after a deadlock.

    The function must be one transaction from its first query to its last. The database lets the
    other transaction of a deadlock proceed. Where many meet, those that are retried at once meet
    again: pauses are random, and become longer.
    """
    return retry(
        retry=retry_if_exception(_is_deadlock),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(FIRST_PAUSE, LONGEST_PAUSE),
        sleep=sleep_using_event(_NEVER),
        before_sleep=_roll_back,
        reraise=True,
    )(function)


def _is_deadlock(error: BaseException) -> bool:
    if not isinstance(error, OperationalError) or error.orig is None:
        return False
    return bool(DEADLOCKS.intersection(error.orig.args[:1])) or sqlstate(error) in SQLSTATES


def _roll_back(state: RetryCallState) -> None:
    session = state.args[0]
    session.rollback()
