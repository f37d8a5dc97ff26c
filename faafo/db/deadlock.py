# SPDX-License-Identifier: Apache-2.0
"""Doing a transaction again that the database gave up to end a deadlock."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError
from tenacity import RetryCallState, retry, retry_if_exception, stop_after_attempt

# ER_LOCK_DEADLOCK of MySQL and MariaDB: "try restarting transaction".
DEADLOCK = 1213
ATTEMPTS = 10

P = ParamSpec("P")
R = TypeVar("R")


def restarted(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose first argument is a session survive deadlocks.

    The function must be one transaction from its first query to its last. Of two that lock each
    other out the database lets one go on, so the other one need not wait before it tries again.
    """
    return retry(
        retry=retry_if_exception(_is_deadlock),
        stop=stop_after_attempt(ATTEMPTS),
        before_sleep=_roll_back,
        reraise=True,
    )(function)


def _is_deadlock(error: BaseException) -> bool:
    return (
        isinstance(error, OperationalError)
        and error.orig is not None
        and error.orig.args[:1] == (DEADLOCK,)
    )


def _roll_back(state: RetryCallState) -> None:
    session = state.args[0]
    session.rollback()
