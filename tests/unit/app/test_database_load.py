# SPDX-License-Identifier: Apache-2.0
"""What clients see when the database is busy: 503, and when to come again."""

import shutil
from contextlib import ExitStack

import pytest

from faafo.app.factory import create_app
from faafo.db import db, deadline, fractals

CLAIM = {"claimed_by": "me", "count": 1, "lease": 60}


@pytest.fixture
def app_of(store, empty_database, tmp_path):
    """Makes the application on an up-to-date SQLite file."""
    made = []

    def make(conf):
        shutil.copy(empty_database, tmp_path / "faafo.sqlite")
        made.append(create_app(conf, store, "1.2.3"))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def test_connections_grow_with_the_threads_and_when_all_are_in_use_it_is_503(conf, app_of):
    conf.set_override("threads", 20, group="api")
    app = app_of(conf)
    with app.app_context():
        pool = db.engine.pool
        assert pool.size() == 20
        with ExitStack() as connections:
            for _ in range(pool.size() + pool._max_overflow):
                connections.enter_context(db.engine.connect())
            answer = app.test_client().get("/api/fractal")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert app.test_client().get("/api/fractal").status_code == 200


@pytest.mark.parametrize("path", ["/api/fractal", "/api/fractal?page=2", "/"])
def test_what_takes_too_long_is_503_and_says_what_to_do(app_of, conf, make_task, monkeypatch, path):
    monkeypatch.setattr("faafo.app.factory.SEARCH_SHARE", 0.0)
    monkeypatch.setattr(deadline, "INSTRUCTIONS", 1)
    app = app_of(conf)
    with app.app_context():
        fractals.add(db.session, make_task())
    answer = app.test_client().get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "ask for less" in answer.json["message"]
    assert app.test_client().get("/healthcheck").status_code == 200


@pytest.mark.parametrize("kept", [0, 4096])
def test_a_damaged_sqlite_file_is_503(app_of, conf, tmp_path, kept):
    app = app_of(conf)
    with app.app_context():
        db.engine.dispose()
    path = tmp_path / "faafo.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:kept] + b"x" * (len(content) - kept))
    client = app.test_client()
    for answer in (client.get("/api/fractal"), client.post("/api/claim", json=CLAIM)):
        assert answer.status_code == 503
        assert answer.json["message"] == "service unavailable; see the log of the API"
