# SPDX-License-Identifier: Apache-2.0
"""The factory of the application: its access log, and the notice that it is given."""

import logging

import pytest

from faafo.app.activity import Activity, activity_of
from faafo.app.factory import create_app
from faafo.db import db, fractals, schema

CLAIM = {"claimed_by": "me", "count": 1, "lease": 60}


@pytest.fixture
def levels(caplog):
    """Returns the levels of the access lines since it was last called."""
    caplog.set_level(logging.DEBUG, "faafo.api.access")

    def read() -> list[str]:
        found = [one.levelname for one in caplog.records if one.name == "faafo.api.access"]
        caplog.clear()
        return found

    return read


def test_claims_that_find_nothing_and_renewals_are_logged_for_debugging_only(
    app, make_task, levels
):
    client = app.test_client()
    assert client.post("/api/claim", json=CLAIM).json == {"objects": []}
    assert levels() == ["DEBUG"]
    with app.app_context():
        fractals.add(db.session, make_task())
    (claimed,) = client.post("/api/claim", json=CLAIM).json["objects"]
    assert levels() == ["INFO"]
    held = {"uuid": claimed["uuid"], "attempt": claimed["attempt"]}
    update = {"claimed_by": "me", "lease": 60}
    assert client.put("/api/claim", json={**update, "renew": [held]}).status_code == 200
    assert levels() == ["DEBUG"]
    assert client.put("/api/claim", json={**update, "release": [held]}).status_code == 200
    assert levels() == ["INFO"]


def test_a_claim_that_is_refused_is_logged_as_any_request(app, levels):
    assert app.test_client().post("/api/claim", json={}).status_code == 400
    assert app.test_client().get("/healthcheck").status_code == 200
    assert levels() == ["INFO", "INFO"]


def test_the_gallery_shows_the_notice_of_its_application_while_there_is_one(conf, store):
    notices = ["the worker starts & compiles"]
    app = create_app(conf, store, "1.2.3", lambda: notices[0] if notices else None)
    with app.app_context():
        schema.upgrade(db.engine)
    client = app.test_client()
    page = client.get("/")
    part = page.text.partition('<div id="notice"')[2].partition("</div>")[0]
    assert "data-live" in part
    assert "the worker starts &amp; compiles" in part
    etag = {"If-None-Match": page.headers["ETag"]}
    assert client.get("/", headers=etag).status_code == 304
    notices.clear()
    later = client.get("/", headers=etag)
    assert later.status_code == 200
    assert "compiles" not in later.text
    with app.app_context():
        db.engine.dispose()


def test_the_activity_counts_what_waits_and_what_is_in_error(app, make_task):
    with app.app_context():
        for _ in range(2):
            fractals.add(db.session, make_task())
    assert activity_of(app) == Activity(completed_lately=0, queued=2, in_error=0)
