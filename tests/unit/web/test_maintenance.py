# SPDX-License-Identifier: Apache-2.0
"""What pages say of maintenance."""

import pytest
from sqlalchemy.exc import OperationalError

from faafo.core import upkeep
from faafo.core.collaborators import KEY

BANNER = '<p class="maintenance">Rendering is paused: a &lt;new&gt; broker</p>'
PAGES = ("/", "/new", "/explore", "/collections", "/webhooks", "/openapi/", "/nothing")


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def pause(client):
    client.put("/api/maintenance", json={"mode": "paused", "reason": "a <new> broker"})


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_a_banner(client, pause, path):
    assert BANNER in client.get(path, headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_one_when_the_mode_is_off(client, path):
    page = client.get(path, headers={"Accept": "text/html"}).text
    assert '<div id="maintenance" role="status"></div>' in page


def test_the_etag_of_the_gallery_is_another_one_with_the_banner(client):
    page = {"Accept": "text/html"}
    known = client.get("/", headers=page).headers["ETag"]
    client.put("/api/maintenance", json={"mode": "read-only"})
    answer = client.get("/", headers={**page, "If-None-Match": known})
    assert (answer.status_code, "This service is read-only" in answer.text) == (200, True)


def test_a_form_that_is_refused_shows_why(client):
    client.put("/api/maintenance", json={"mode": "read-only", "reason": "an upgrade"})
    answer = client.post("/new", data={"width": 8}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "This service is read-only: an upgrade" in answer.text


def test_without_a_database_pages_say_what_was_known_last(app, client, pause, monkeypatch):
    known = app.extensions[KEY].upkeep
    client.get("/")

    def fail():
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(known, "_mode", upkeep.Refreshed(fail))
    assert BANNER in client.get("/explore").text
