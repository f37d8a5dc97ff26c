# SPDX-License-Identifier: Apache-2.0
"""What the errors of PostgreSQL mean for clients: 503 of what a server may do later, else 500."""

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

STATES = {
    "serialization_failure": ("40001", 503),
    "deadlock_detected": ("40P01", 503),
    "read_only": ("25006", 503),
    "idle_in_transaction": ("25P03", 503),
    "transaction_timeout": ("25P04", 503),
    "query_canceled": ("57014", 503),
    "lock_not_available": ("55P03", 503),
    "too_many_connections": ("53300", 503),
    "disk_full": ("53100", 503),
    "admin_shutdown": ("57P01", 503),
    "cannot_connect_now": ("57P03", 503),
    "insufficient_privilege": ("42501", 503),
    "data_corrupted": ("XX001", 503),
    "undefined_column": ("42703", 500),
    "in_failed_transaction": ("25P02", 500),
}


@pytest.fixture
def handlers(app):
    """The error handlers, in a request; in tests they raise what they do not expect."""
    app.testing = False
    with app.test_request_context():
        yield app.handle_user_exception


@pytest.mark.parametrize("name", STATES)
def test_a_client_may_come_again_after_what_a_server_refuses_for_now(handlers, name):
    state, status = STATES[name]
    original = psycopg.errors.lookup(state)("the server says")
    answer = handlers(DBAPIError.instance("SELECT", {}, original, psycopg.Error))
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "server says" not in answer.get_data(as_text=True)
