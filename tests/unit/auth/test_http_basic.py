# SPDX-License-Identifier: Apache-2.0
"""Requests with user names and passwords, and what the policy allows them."""

import base64
import shutil
from pathlib import Path

import bcrypt
import pytest

from faafo import errors
from faafo.app.factory import create_app
from faafo.auth import watched
from faafo.auth.http_basic import HttpBasic
from faafo.db import db
from tests.htpasswd import user_line

FRACTAL = {"width": 4, "height": 3, "iterations": 20, "xa": -1.5, "xb": 1.5, "ya": -1.0, "yb": 1.0}
CLAIM = {"claimed_by": "me", "count": 1, "lease": 60}
UUID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text(
        user_line("ada", "S3Cret")
        + user_line("max", "S3C\u00e4")
        + user_line("bot", "x")
        + user_line("eve", "y")
    )
    return path


@pytest.fixture
def secured(conf, users, monkeypatch):
    monkeypatch.setattr(watched, "LOOK_AGAIN_SECONDS", 0.0)
    for name, value in {
        "auth_strategy": "http_basic",
        "http_basic_auth_user_file": str(users),
        "admin_users": ["ada"],
        "service_users": ["bot"],
        "monitoring_users": ["eve"],
    }.items():
        conf.set_override(name, value, group="api")
    return conf


@pytest.fixture
def client(secured, store, empty_database):
    shutil.copy(empty_database, Path(secured.state_path) / "faafo.sqlite")
    app = create_app(secured, store, "1.2.3")
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


ADA, MAX, BOT, EVE = ("ada", "S3Cret"), ("max", "S3C\u00e4"), ("bot", "x"), ("eve", "y")


def test_a_user_with_the_right_password_may_do_what_the_role_allows(client):
    posted = client.post("/api/fractal", json=FRACTAL, auth=MAX)
    assert posted.status_code == 201
    assert client.get(posted.headers["Location"], auth=MAX).status_code == 200
    assert client.get("/", auth=MAX).status_code == 200
    refused = client.post("/api/claim", json=CLAIM, auth=MAX)
    assert refused.status_code == 403
    assert refused.json == {"message": "the policy does not allow you claim:create"}
    assert client.post("/api/claim", json=CLAIM, auth=ADA).status_code == 200
    assert client.post("/v1/claim", json=CLAIM, auth=BOT).status_code == 200


def test_a_user_who_monitors_sees_the_backlog_and_nothing_else(client):
    statuses = {user: client.get("/api/backlog", auth=user).status_code for user in (EVE, BOT, ADA)}
    assert statuses == {EVE: 200, BOT: 200, ADA: 200}
    assert client.get("/api/backlog", auth=MAX).status_code == 403
    assert client.get("/api/backlog").status_code == 401
    for path in ("/", "/api/fractal", "/api/service", "/api/claim"):
        assert client.get(path, auth=EVE).status_code == 403
    assert client.post("/api/fractal", json=FRACTAL, auth=EVE).status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"max").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b"nobody:S3Cret").decode(),
        "Basic " + base64.b64encode(b"max:S3Cret").decode(),
        "Basic " + base64.b64encode(b"max:" + b"x" * 73).decode(),
        "Basic " + base64.b64encode(b"max:x\0y").decode(),
        "Basic " + "QUFB" * 4000,
        "Bearer token",
        "Digest username=max",
    ],
)
def test_wrong_credentials_are_answered_with_401(client, caplog, header):
    headers = {} if header is None else {"Authorization": header}
    for _ in range(2):
        answer = client.get("/api/fractal", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="faafo", charset="UTF-8"'
        assert set(answer.json) == {"message"}
        assert answer.headers["X-Openstack-Request-Id"].startswith("req-")
    assert "S3C" not in caplog.text


def test_a_browser_is_led_to_the_login_page(client):
    answer = client.get("/?sort=largest", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/?sort%3Dlargest"
    form = client.post("/new", headers={"Accept": "text/html"})
    assert (form.status_code, form.mimetype) == (401, "text/html")


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/healthcheck", "*/*"), ("/v1", "*/*"), ("/", "application/json"), ("/favicon.ico", "*/*")],
)
def test_what_is_public_needs_no_login(client, path, accept):
    with client.get(path, headers={"Accept": accept}) as answer:
        assert answer.status_code == 200
        assert "Authorization" not in answer.headers.get("Vary", "")


def test_an_address_without_an_endpoint_is_answered_as_before(client):
    assert client.get("/nowhere").status_code == 404
    assert client.delete("/healthcheck").status_code == 405


def test_no_shared_cache_may_keep_what_needs_a_login(client):
    for answer in (client.get("/", auth=MAX), client.get("/")):
        assert "private" in answer.headers["Cache-Control"]
        assert "public" not in answer.headers["Cache-Control"]
        assert "Authorization" in answer.headers["Vary"]


def test_changes_of_the_file_hold_without_a_restart(client, users):
    def change(text):
        users.write_text(text)
        # The first look sees that the file has changed, the second one reads it.
        client.get("/", auth=MAX)

    assert client.get("/", auth=MAX).status_code == 200
    known = users.read_text()
    change(user_line("max", "another one"))
    assert client.get("/", auth=MAX).status_code == 401
    assert client.get("/", auth=ADA).status_code == 401
    assert client.get("/", auth=("max", "another one")).status_code == 200
    change("max:broken")
    assert client.get("/", auth=("max", "another one")).status_code == 200
    change(known)
    assert client.get("/", auth=MAX).status_code == 200
    change("")
    assert client.get("/", auth=MAX).status_code == 200


def test_a_known_password_is_not_hashed_again(client, monkeypatch):
    assert client.get("/", auth=MAX).status_code == 200
    monkeypatch.setattr(bcrypt, "checkpw", None)
    assert client.get("/", auth=MAX).status_code == 200


def test_an_unknown_user_takes_as_long_as_the_slowest_of_the_file(
    client, users, monkeypatch, caplog
):
    users.write_text(
        user_line("ada", "S3Cret") + user_line("max", "S3C\u00e4", cost=6) + user_line("bot", "x")
    )
    # The first look sees that the file has changed, the second one reads it.
    for _ in range(2):
        client.get("/", auth=ADA)
    checked, check = [], bcrypt.checkpw

    def record(password, encoded):
        checked.append(encoded)
        return check(password, encoded)

    monkeypatch.setattr(bcrypt, "checkpw", record)
    assert client.get("/", auth=("nobody", "S3Cret")).status_code == 401
    assert [encoded[:7] for encoded in checked] == [b"$2b$06$"]
    (warning,) = [one for one in caplog.records if "costs from" in one.message]
    assert "the hashes have costs from 4 to 6" in warning.message


def test_too_many_checks_at_a_time_are_refused(secured, monkeypatch, tokens):
    monkeypatch.setattr("faafo.auth.http_basic.PATIENCE_SECONDS", 0.0)
    basic = HttpBasic(secured, tokens)
    held = [basic._checks.acquire(blocking=False) for _ in range(2)]
    assert held == [True, True]
    with pytest.raises(errors.Overloaded):
        basic._is_known("max", b"x")


def test_an_upload_is_refused_before_its_body_is_read(client):
    answer = client.put(
        f"/api/fractal/{UUID}/image",
        data=b"x",
        auth=MAX,
        environ_overrides={"faafo.preflight": True},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("content", [None, "ada", "ada:x\n"])
def test_a_file_that_is_missing_or_broken_stops_the_start(secured, users, content, tokens):
    users.unlink()
    if content is not None:
        users.write_text(content)
    with pytest.raises(errors.ConfigurationError, match="http_basic_auth_user_file = "):
        HttpBasic(secured, tokens)


def test_the_strategy_needs_a_file(secured, tokens):
    secured.set_override("http_basic_auth_user_file", None, group="api")
    with pytest.raises(errors.ConfigurationError, match="needs this file"):
        HttpBasic(secured, tokens)
