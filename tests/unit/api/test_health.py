# SPDX-License-Identifier: Apache-2.0
"""The health check."""

from sqlalchemy import text

from faafo.db import db


def test_a_database_that_can_be_written_is_healthy(app):
    answer = app.test_client().get("/healthcheck")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_database_that_is_read_only_is_not(app):
    with app.app_context():
        db.session.execute(text("PRAGMA query_only = ON"))
        db.session.remove()
        answer = app.test_client().get("/healthcheck")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        db.session.execute(text("PRAGMA query_only = OFF"))
        db.session.remove()
    assert app.test_client().get("/healthcheck").status_code == 200


def test_the_health_check_changes_nothing(app):
    client = app.test_client()
    with app.app_context():
        before = db.session.execute(text("SELECT id, count FROM deletions")).all()
    client.get("/healthcheck")
    with app.app_context():
        assert db.session.execute(text("SELECT id, count FROM deletions")).all() == before
