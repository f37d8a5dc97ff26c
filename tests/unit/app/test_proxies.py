# SPDX-License-Identifier: Apache-2.0
"""What reverse proxies say about a request, believed as far as there are proxies."""

import logging
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from faafo.app.factory import create_app
from faafo.app.server import HttpServer
from faafo.core.attempts import MOST_OF_USER
from faafo.db import db
from tests.htpasswd import user_line

ADA = {"user": "ada", "password": "S3Cret"}
WRONG = ADA | {"password": "wrong"}
ME, NEAR, FAR = "127.0.0.1", "198.51.100.7", "203.0.113.9"
OVER_TLS = {"X-Forwarded-Proto": "https"}


def sent_by(*addresses):
    return {"X-Forwarded-For": ", ".join(addresses)}


@pytest.fixture
def serve(conf, store, empty_database, tmp_path):
    """Starts an API with a login behind a number of proxies; gives its URL."""
    users = tmp_path / "users"
    users.write_text(user_line("ada", ADA["password"]))
    conf.set_override("auth_strategy", "http_basic", "api")
    conf.set_override("http_basic_auth_user_file", str(users), "api")
    shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")

    @contextmanager
    def serve(proxies):
        conf.set_override("trusted_proxies", proxies, "api")
        app = create_app(conf, store, "1.2.3")
        server = HttpServer(app, "127.0.0.1", 0, threads=2)
        server.start()
        yield server.url
        server.stop()
        with app.app_context():
            db.engine.dispose()

    return serve


@pytest.fixture
def logged_address(caplog):
    """Sends a request, and returns the address in its line of the access log."""
    caplog.set_level(logging.INFO, "faafo.api.access")

    def address(url, headers, **options):
        caplog.clear()
        requests.get(url, headers=headers, timeout=60, **options)
        (line,) = [one for one in caplog.records if one.name == "faafo.api.access"]
        return line.getMessage().split()[0]

    return address


def log_in(url, headers, body=ADA):
    return requests.post(
        f"{url}/login", data=body, headers=headers, allow_redirects=False, timeout=60
    )


def ask_for_token(url, headers, body=ADA):
    return requests.post(f"{url}/api/token", json=body, headers=headers, timeout=60).status_code


def is_secure(answer):
    assert answer.status_code == 303
    return "Secure" in answer.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize(
    ("proxies", "values", "address"),
    [
        (0, [NEAR], ME),
        (1, [], ME),
        (1, [NEAR], NEAR),
        (1, [FAR, NEAR], NEAR),
        (1, ["2001:db8::7"], "2001:db8::7"),
        (2, [FAR, NEAR], FAR),
        (2, ["192.0.2.1", FAR, NEAR], FAR),
        (2, [NEAR], ME),
        (1, ['"', NEAR], NEAR),
        (2, ["192.0.2.1", '"', FAR, NEAR], FAR),
        (1, ["unknown"], ME),
        (1, ["a" * 9999], ME),
        (1, ["fe80::1%" + "a" * 9999], ME),
        (1, [f"{NEAR}:4711"], ME),
    ],
)
def test_the_access_log_has_the_address_that_the_farthest_proxy_has_seen(
    serve, logged_address, proxies, values, address
):
    with serve(proxies) as url:
        assert logged_address(f"{url}/healthcheck", sent_by(*values)) == address


def test_requests_whose_senders_are_identified_first_have_the_clients_address_too(
    serve, logged_address
):
    with serve(1) as url:
        for path in ("/api/fractal", "/api/claim?wait=0", "/"):
            assert logged_address(url + path, sent_by(FAR), auth=tuple(ADA.values())) == FAR


def test_users_behind_a_proxy_are_refused_one_by_one(serve):
    with serve(1) as url:
        for number in range(MOST_OF_USER):
            # What a client itself says about its address comes first, and is not believed.
            assert ask_for_token(url, sent_by(f"192.0.2.{number}", FAR), WRONG) == 401
        assert ask_for_token(url, sent_by(FAR)) == 429
        assert log_in(url, sent_by(FAR)).status_code == 429
        assert ask_for_token(url, sent_by(NEAR)) == 201
        assert log_in(url, sent_by(NEAR)).status_code == 303


def test_without_a_proxy_nobody_is_let_in_under_another_address(serve):
    with serve(0) as url:
        for number in range(MOST_OF_USER):
            assert ask_for_token(url, sent_by(f"192.0.2.{number}"), WRONG) == 401
        assert ask_for_token(url, sent_by(NEAR)) == 429


@pytest.mark.parametrize(
    ("proxies", "scheme", "secure"),
    [
        (0, "https", False),
        (1, "https", True),
        (1, "http", False),
        (1, "https, http", False),
        (1, "http, https", True),
        (2, "https", True),
        (1, "wss", False),
        (1, "", False),
    ],
)
def test_the_cookie_is_secure_when_the_nearest_proxy_says_https(serve, proxies, scheme, secure):
    with serve(proxies) as url:
        assert is_secure(log_in(url, {"X-Forwarded-Proto": scheme})) is secure


def test_the_version_document_names_the_address_that_clients_use(serve):
    headers = OVER_TLS | {"Host": "faafo.example.org"}
    with serve(1) as url:
        (link,) = requests.get(f"{url}/v1", headers=headers, timeout=60).json()["version"]["links"]
    assert link["href"] == "https://faafo.example.org/v1/"


def test_what_clients_can_say_about_host_port_and_prefix_is_not_believed(serve):
    forged = {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Port": "81"}
    forged |= {"X-Forwarded-Prefix": "/evil", "Forwarded": "host=evil.example.org"}
    with serve(1) as url:
        answer = requests.get(f"{url}/v1", headers=forged, timeout=60)
        assert answer.json()["version"]["links"][0]["href"] == f"{url}/v1/"
        assert log_in(url, forged | {"Origin": "https://evil.example.org"}).status_code == 403


@pytest.mark.parametrize("host", ["faafo.example.org", "faafo.example.org:443"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://faafo.example.org", 303), ("https://evil.example.org", 403)],
)
def test_pages_of_this_site_only_may_send_a_form_over_tls(serve, host, origin, status):
    with serve(1) as url:
        assert log_in(url, OVER_TLS | {"Host": host, "Origin": origin}).status_code == status
