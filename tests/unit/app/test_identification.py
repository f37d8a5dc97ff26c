# SPDX-License-Identifier: Apache-2.0
"""Credentials that take long to check delay no request with known ones, and no health check."""

import base64
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack

import pytest
import requests

from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.app.server import LARGEST_UPLOADS
from faafo.auth import strategy
from faafo.auth.http_basic import HttpBasic
from faafo.core.collaborators import KEY
from faafo.db import claims, db, fractals
from tests.htpasswd import user_line
from tests.unit.web.conftest import POLICY

DEADLINE = 60
BOT, NEW = ("bot", "secret"), ("new", "other")
CLAIM = {"claimed_by": "me", "count": 1, "lease": 60}
RENEWAL = {"claimed_by": "me", "renew": [], "lease": 60}
HEAD = (
    "PUT /api/fractal/{uuid}/image?attempt=1 HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
    "Content-Digest: sha-256=:" + "A" * 43 + "=:\r\nContent-Length: {length}\r\n"
    "Expect: 100-continue\r\nAuthorization: Basic {login}\r\n\r\n"
)
UUID = "00000000-0000-4000-8000-000000000001"


class StallingBasic(HttpBasic):
    """Ends no check while ``go`` is not set; counts the checks that wait."""

    go = threading.Event()
    waiting = threading.Semaphore(0)
    familiar: frozenset[str] = frozenset()

    def identify(self, request):
        self.waiting.release()
        assert self.go.wait(DEADLINE)
        return super().identify(request)

    def was_valid(self, request):
        return request.authorization.username in self.familiar


@pytest.fixture
def basic(monkeypatch):
    """The class of the authenticator, with switches of its own for this test."""
    own = type("OwnBasic", (StallingBasic,), {})
    own.go, own.waiting = threading.Event(), threading.Semaphore(0)
    own.go.set()
    monkeypatch.setattr(f"{__name__}.StallingBasic", own)
    monkeypatch.setitem(strategy.AUTHENTICATORS, "http_basic", (__name__, "StallingBasic"))
    yield own
    own.go.set()


@pytest.fixture
def url(app, conf, store, tmp_path, basic, stop):
    """The URL of an API that asks for passwords, with few threads, and knows that of bot."""
    users = tmp_path / "users"
    users.write_text(user_line(*BOT) + user_line(*NEW))
    for name, value in {
        "threads": 2,
        "auth_strategy": "http_basic",
        "http_basic_auth_user_file": str(users),
        "service_users": ["bot", "new"],
    }.items():
        conf.set_override(name, value, group="api")
    conf.set_override("bind_port", 0)
    secured = create_app(conf, app.extensions[KEY].store, "1.2.3")
    service = ApiService(conf, secured)
    url = service.start(stop)
    assert renew(url, BOT).status_code == 200
    assert basic.waiting.acquire(timeout=DEADLINE)
    yield url
    basic.go.set()
    service.stop()
    with secured.app_context():
        db.engine.dispose()


@pytest.fixture
def clients(basic):
    with ThreadPoolExecutor(64) as clients:
        yield clients
        basic.go.set()


def renew(url, login) -> requests.Response:
    return requests.put(f"{url}/api/claim", json=RENEWAL, auth=login, timeout=DEADLINE)


def assert_known_credentials_are_served(url) -> None:
    assert requests.get(f"{url}/healthcheck", timeout=DEADLINE).status_code == 200
    assert renew(url, BOT).json() == {"lost": []}
    claim = requests.post(f"{url}/api/claim", json=CLAIM, auth=BOT, timeout=DEADLINE)
    assert claim.status_code == 200
    assert requests.get(f"{url}/api/fractal", auth=BOT, timeout=DEADLINE).status_code == 200


def test_unknown_credentials_delay_no_lease_and_no_health_check(url, basic, clients):
    basic.go.clear()
    wrong = [clients.submit(renew, url, ("bot", f"wrong {number}")) for number in range(6)]
    right = clients.submit(renew, url, NEW)
    for _ in range(2):
        assert basic.waiting.acquire(timeout=DEADLINE)
    assert_known_credentials_are_served(url)
    basic.go.set()
    assert {answer.result().status_code for answer in wrong} == {401}
    assert right.result().status_code == 200


def test_health_is_told_without_a_check_of_the_credentials_sent(url, basic):
    basic.go.clear()
    answer = requests.get(f"{url}/healthcheck", auth=("bot", "wrong"), timeout=DEADLINE)
    assert answer.status_code == 200


def test_without_credentials_nothing_is_checked(url, basic):
    basic.go.clear()
    answer = renew(url, None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_more_unknown_credentials_than_can_wait_are_refused(request, monkeypatch, basic, clients):
    monkeypatch.setattr("faafo.app.sizes.QUEUED_A_THREAD", 1)
    url = request.getfixturevalue("url")
    basic.go.clear()
    wrong = [clients.submit(renew, url, ("bot", f"wrong {number}")) for number in range(8)]
    refused = [next(iter(as_completed(wrong))).result()]
    assert [answer.status_code for answer in refused] == [503]
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert_known_credentials_are_served(url)
    basic.go.set()
    assert {answer.result().status_code for answer in wrong} == {401, 503}


def test_credentials_that_were_valid_before_do_not_wait_for_others(url, basic, clients):
    basic.familiar = frozenset(["new"])
    basic.go.clear()
    wrong = [clients.submit(renew, url, ("bot", f"wrong {number}")) for number in range(6)]
    for _ in range(2):
        assert basic.waiting.acquire(timeout=DEADLINE)
    familiar = clients.submit(renew, url, NEW)
    # Its check is under way beside those of the others.
    assert basic.waiting.acquire(timeout=DEADLINE)
    basic.go.set()
    assert familiar.result().status_code == 200
    assert {answer.result().status_code for answer in wrong} == {401}


def test_an_upload_of_somebody_unknown_is_refused_before_its_body(url):
    with requests.Session() as session:
        answer = session.put(
            f"{url}/api/fractal/{UUID}/image?attempt=1",
            headers={"Content-Type": "image/png", "Content-Length": str(2**20)},
            auth=("bot", "wrong"),
            timeout=DEADLINE,
        )
    assert answer.status_code == 401


def test_uploads_of_somebody_unknown_take_no_room(url, basic, app, conf, make_task):
    with app.app_context():
        uuid = fractals.add(db.session, make_task(width=400, height=400)).uuid
        claims.claim(db.session, "me", 1, 600.0, POLICY)
    basic.go.clear()
    with ExitStack() as sockets:

        def begin(login, length):
            address = ("127.0.0.1", int(url.rpartition(":")[2]))
            client = sockets.enter_context(socket.create_connection(address, timeout=DEADLINE))
            credentials = base64.b64encode(":".join(login).encode()).decode()
            client.sendall(HEAD.format(uuid=uuid, length=length, login=credentials).encode())
            return client

        for number in range(LARGEST_UPLOADS):
            begin(("bot", f"wrong {number}"), conf.api.max_image_size)
        for _ in range(2):
            assert basic.waiting.acquire(timeout=DEADLINE)
        assert begin(BOT, 2**17).recv(4096).startswith(b"HTTP/1.1 100 ")


def test_a_check_that_fails_unexpectedly_is_503(url, basic, monkeypatch, caplog):
    monkeypatch.setattr(basic, "identify", lambda *_: 1 / 0)
    answer = renew(url, NEW)
    assert answer.status_code == 503
    assert "ZeroDivisionError" in caplog.text
