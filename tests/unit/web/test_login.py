# SPDX-License-Identifier: Apache-2.0
"""The login page, its cookie, and the token route, with users of a file."""

import re
import shutil
from pathlib import Path

import pytest

from faafo.app.factory import create_app
from faafo.auth import recent, watched
from faafo.core.attempts import MOST_OF_USER
from faafo.core.login import COOKIE
from faafo.db import db
from faafo.db.operation_models import AccessToken
from tests.htpasswd import user_line

PASSWORD = "S3Cret"
PAGE = {"Accept": "text/html"}
ADA = {"user": "ada", "password": PASSWORD}


def line(name, password=PASSWORD):
    return user_line(name, password)


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text(line("ada") + line("max"))
    return path


@pytest.fixture
def app(conf, store, empty_database, users, compiled_templates, monkeypatch):
    monkeypatch.setattr(watched, "LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(recent, "VALID_SECONDS", 0.0)
    conf.set_override("auth_strategy", "http_basic", "api")
    conf.set_override("http_basic_auth_user_file", str(users), "api")
    shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")
    app = create_app(conf, store, "1.2.3")
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app):
    return app.test_client()


def log_in(client, **form):
    return client.post("/login", data=ADA | form, headers=PAGE)


def token_of(client, **body):
    answer = client.post("/api/token", json=ADA | body)
    assert answer.status_code == 201, answer.text
    return answer.json["token"]


def test_a_user_logs_in_sees_the_page_that_was_asked_for_and_logs_out(client):
    refused = client.get("/new?width=64", headers=PAGE)
    form = client.get(refused.headers["Location"], headers=PAGE)
    wanted = re.search(r'name="next" value="([^"]+)"', form.text)[1]
    answer = log_in(client, next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/new?width=64")
    page = client.get(answer.headers["Location"], headers=PAGE)
    assert page.status_code == 200
    assert '<span class="text-body-secondary" id="user">ada</span>' in page.text
    kept = client.get_cookie(COOKIE).value
    assert client.post("/logout", headers=PAGE).status_code == 303
    assert client.get_cookie(COOKIE) is None
    assert client.get("/api/fractal", headers={"X-Auth-Token": kept}).status_code == 401


def test_the_cookie_is_for_this_site_and_not_for_scripts(app, client):
    sent = log_in(client).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(sent.split("; "))
    assert "Secure" not in sent
    over_tls = app.test_client().post("/login", data=ADA, base_url="https://faafo.example.org")
    assert "Secure" in over_tls.headers["Set-Cookie"].split("; ")


def test_a_wrong_password_is_refused_on_the_page_and_shown_nowhere(client, caplog):
    answer = log_in(client, password="wrong-S3C")
    assert answer.status_code == 401
    assert "the user name or the password is wrong" in answer.text
    assert 'value="ada"' in answer.text
    assert "S3C" not in answer.text + caplog.text
    assert client.get_cookie(COOKIE) is None


def test_too_many_wrong_passwords_are_refused_for_a_while(client):
    for _ in range(MOST_OF_USER):
        assert log_in(client, password="x").status_code == 401
    assert log_in(client).status_code == 429
    refused = client.post("/api/token", json=ADA)
    assert refused.status_code == 429
    assert refused.json["message"].startswith("too many failed attempts to log in; try again in")
    assert log_in(client, user="max").status_code == 303


@pytest.mark.parametrize(
    "path", ["//evil.example.org", "https://evil.example.org", "/\\evil.example.org", "/\t/e", "x"]
)
def test_a_login_leads_to_no_other_site(client, path):
    assert log_in(client, next=path).headers["Location"] == "/"


def test_another_site_cannot_log_a_visitor_in_or_out(client):
    for path in ("/login", "/logout"):
        headers = {"Sec-Fetch-Site": "cross-site"}
        assert client.post(path, data=ADA, headers=headers).status_code == 403


def test_the_cookie_does_not_let_another_site_change_anything(client):
    log_in(client)
    for path in ("/new", "/api/fractal"):
        answer = client.post(path, json={}, headers={"Sec-Fetch-Site": "same-site"})
        assert answer.status_code == 403


@pytest.mark.parametrize("cookie", ["forged", "x" * 3000, "%00", "a b"])
def test_a_forged_cookie_leads_to_the_login_and_is_deleted(client, cookie):
    client.set_cookie(COOKIE, cookie)
    answer = client.get("/", headers=PAGE)
    assert answer.status_code == 303
    assert "/login?next=/" in answer.headers["Location"]
    assert client.get_cookie(COOKIE) is None
    client.set_cookie(COOKIE, cookie)
    assert client.get("/api/fractal").status_code == 401


def test_a_browsers_script_is_not_asked_for_a_password_in_a_dialog(client):
    answer = client.get("/api/fractal", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Cookie ")
    assert client.get("/api/fractal").headers["WWW-Authenticate"].startswith("Basic ")


def test_a_token_is_as_good_as_a_password_until_it_is_revoked(client):
    answer = client.post("/api/token", json=ADA)
    assert (answer.json["project_id"], answer.json["roles"]) == ("default", ["member", "reader"])
    assert answer.headers["Cache-Control"] == "no-store"
    headers = {"X-Auth-Token": answer.json["token"]}
    assert client.get("/api/fractal", headers=headers).status_code == 200
    assert client.delete("/api/token", headers=headers).status_code == 204
    assert client.get("/api/fractal", headers=headers).status_code == 401
    assert client.delete("/api/token", headers=headers).status_code == 204
    assert client.delete("/api/token").status_code == 400


def test_a_token_is_not_kept_as_it_is(app, client):
    token = token_of(client)
    with app.app_context():
        (kept,) = db.session.query(AccessToken).all()
        assert token not in (kept.digest, kept.fingerprint)
        assert kept.user_id == "ada"


@pytest.mark.parametrize("password", [None, "another"])
def test_a_token_ends_with_the_user_and_with_the_password(client, users, wait_until, password):
    headers = {"X-Auth-Token": token_of(client)}
    users.write_text(line("max") + (line("ada", password) if password else ""))
    wait_until(lambda: client.get("/api/fractal", headers=headers).status_code == 401)


def test_an_expired_token_is_refused_and_forgotten(app, client):
    headers = {"X-Auth-Token": token_of(client)}
    with app.app_context():
        kept = db.session.query(AccessToken).one()
        kept.expires_at = kept.expires_at.replace(year=2020)
        db.session.commit()
    assert client.get("/api/fractal", headers=headers).status_code == 401
    token_of(client)
    with app.app_context():
        assert db.session.query(AccessToken).count() == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"password": 5}, "password: Input should be a valid string, not ***"),
        ({"password": "x" * 5000}, "password: "),
        ({"passwort": "x"}, "passwort: is not a field that can be given here"),
    ],
)
def test_a_malformed_body_is_explained_without_the_password(client, body, sentence):
    answer = client.post("/api/token", json=ADA | body)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(sentence)
    assert "xxx" not in answer.text


def test_a_link_on_another_site_leads_to_the_login_page(client):
    headers = PAGE | {"Sec-Fetch-Site": "cross-site"}
    answer = client.get("/explore", headers=headers)
    assert client.get(answer.headers["Location"], headers=headers).status_code == 200


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 100])
def test_an_odd_password_is_a_wrong_one(client, text):
    assert client.post("/api/token", json=ADA | {"password": text}).status_code == 401


def test_credentials_that_are_no_text_are_refused(client):
    headers = {"Authorization": b"Basic \xff".decode("latin-1")}
    assert client.get("/api/fractal", headers=headers).status_code == 401


def test_a_user_who_is_refused_for_a_while_is_told_for_how_long(client):
    for _ in range(MOST_OF_USER):
        log_in(client, password="x")
    refused = client.post("/api/token", json=ADA)
    assert 50 <= int(refused.headers["Retry-After"]) <= 60


def test_without_a_login_there_is_nothing_to_log_in_to(conf, store):
    conf.set_override("auth_strategy", "noauth", "api")
    client = create_app(conf, store, "1.2.3").test_client()
    for answer in (client.get("/login"), client.post("/api/token", json=ADA)):
        assert answer.status_code == 404
        assert "there is no login here: [api] auth_strategy = noauth" in answer.text
