# SPDX-License-Identifier: Apache-2.0
"""Transactions that the database rolled back to resolve a deadlock."""

import ast
from pathlib import Path

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from faafo import db
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


@pytest.mark.parametrize("code", [1213, 1020])
def test_after_a_deadlock_the_transaction_is_rolled_back_and_retried(code):
    session = Session()
    assert failing(2, code)(session) == "done"
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


def test_every_transaction_of_a_module_is_retried():
    """Those of a Galera cluster may be refused when they commit, whatever they do."""
    found, bare = 0, []
    for path in Path(db.__file__).parent.glob("*.py"):
        for one in ast.parse(path.read_text()).body:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                found += "session.commit()" in ast.unparse(one)
                decorators = [ast.unparse(decorator) for decorator in one.decorator_list]
                if "session.commit()" in ast.unparse(one) and "retry_on_deadlock" not in decorators:
                    bare.append(f"{path.name}: {one.name}")
    assert found > 30
    assert bare == []
