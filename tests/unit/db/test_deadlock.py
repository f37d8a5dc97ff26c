# SPDX-License-Identifier: Apache-2.0
"""Transactions that the database rolled back to resolve a deadlock."""

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from faafo.db.deadlock import ATTEMPTS, retry_on_deadlock


class Session:
    def __init__(self):
        self.rollbacks = 0

    def rollback(self):
        self.rollbacks += 1


def failing(times, code):
    calls = []

    @retry_on_deadlock
    def transaction(_session):
        calls.append(1)
        if len(calls) <= times:
            raise OperationalError("INSERT", {}, pymysql.err.OperationalError(code, "no"))
        return "done"

    return transaction


def test_after_a_deadlock_the_transaction_is_rolled_back_and_retried():
    session = Session()
    assert failing(2, 1213)(session) == "done"
    assert session.rollbacks == 2


def test_another_error_is_raised_at_once():
    session = Session()
    with pytest.raises(OperationalError):
        failing(1, 2003)(session)
    assert session.rollbacks == 0


def test_a_deadlock_on_every_attempt_is_raised():
    session = Session()
    with pytest.raises(OperationalError):
        failing(99, 1213)(session)
    assert session.rollbacks == ATTEMPTS - 1
