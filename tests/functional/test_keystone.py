# SPDX-License-Identifier: Apache-2.0
"""``auth_strategy = keystone`` with a real Keystone and memcached."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.functional.cluster import Cluster
from tests.functional.keystone import PASSWORD, USERS, Keystone, Memcached
from tests.functional.matrix import OF_EACH_RULE, Matrix, User
from tests.functional.processes import (
    SMALL_FRACTAL,
    Service,
    run,
    wait_until,
    write_config,
)
from tests.functional.test_gallery import Visit, browser_type_launch_args  # noqa: F401

# Seconds within which a request must be answered whose token cannot be validated.
MOST_SECONDS = 4.0
# Clients with tokens of their own: more than the queue of any lane holds.
MANY = 160


def authtoken(keystone: Keystone, memcached: Memcached, **options: Any) -> dict[str, Any]:
    return {
        **keystone.options("admin"),
        "interface": "public",
        "www_authenticate_uri": keystone.url,
        "memcached_servers": memcached.address,
        **options,
    }


@contextmanager
def running(directory: Path, group: dict[str, Any]) -> Iterator[tuple[Service, str]]:
    """Run an API on SQLite that asks Keystone."""
    config = write_config(
        directory / "api.conf",
        DEFAULT={"bind_port": 0, "state_path": directory},
        api={"auth_strategy": "keystone"},
        keystone_authtoken=group,
    )
    with Service(directory, "faafo-api", "--config-file", config) as service:
        yield service, service.wait_for_url()


@pytest.fixture(scope="module")
def api(keystone, memcached, tmp_path_factory) -> Iterator[tuple[Service, str]]:
    """An API that asks Keystone as a user with no other role than service."""
    group = {**authtoken(keystone, memcached), **keystone.options("service")}
    with running(tmp_path_factory.mktemp("api"), group) as api:
        yield api


@pytest.fixture(scope="module")
def url(api: tuple[Service, str]) -> str:
    return api[1]


def get(url: str, token: str | None = None, path: str = "/api/fractal") -> requests.Response:
    headers = {"X-Auth-Token": token} if token is not None else {}
    return requests.get(url + path, headers=headers, timeout=60)


# What the roles of a new Keystone imply.
IMPLIED = {"admin": ("admin", "member", "reader"), "member": ("member", "reader")}


@pytest.fixture(scope="module")
def asked(keystone: Keystone, url: str) -> Matrix:
    return with_new_tokens(keystone, url)


def with_new_tokens(keystone: Keystone, url: str) -> Matrix:
    users = {
        name: User(role, project, {"X-Auth-Token": keystone.token(name)})
        for name, (role, project) in USERS.items()
    }
    return Matrix(url, users, lambda role: IMPLIED.get(role, (role,)))


# A test without a Keystone asks each route.
@pytest.mark.parametrize("name", USERS)
def test_each_role_gets_what_the_rules_say_of_its_own_and_of_another_project(asked, name):
    assert asked.differences(name, OF_EACH_RULE) == []


@pytest.mark.parametrize(
    "token",
    [None, "", "nonsense", "gAAAAABn" + "x" * 180, "x" * 10_000, "a b", "\xe4", "%s%d"],
)
def test_a_token_that_is_none_is_refused(keystone, url, token):
    for _ in range(2):
        answer = get(url, token and token.encode("latin-1"))
        assert answer.status_code == 401
        assert set(answer.json()) == {"message"}
        assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{keystone.url}"'
        assert answer.headers["X-Openstack-Request-Id"].startswith("req-")


def test_a_forged_token_is_refused(keystone, url):
    token = keystone.token("member")
    forged = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    assert get(url, forged).status_code == 401
    assert get(url, token).status_code == 200


def test_a_token_without_a_project_is_refused(keystone, url):
    answer = get(url, keystone.token("member", ""))
    assert answer.status_code == 403
    assert "for no project" in answer.json()["message"]


def test_who_is_asking_is_in_the_log_and_the_token_is_not(keystone, api):
    service, url = api
    token = keystone.token("member")
    request_id = get(url, token).headers["X-Openstack-Request-Id"]
    line = service.wait_for_line(request_id)
    assert "status: 200" in line
    assert token not in service.output()
    assert PASSWORD not in service.output()


def test_health_and_version_need_no_token(url):
    assert get(url, path="/healthcheck").status_code == 200
    assert get(url, path="/v1").status_code == 200


def test_a_revoked_token_is_refused_when_the_cache_has_forgotten_it(keystone, memcached, tmp_path):
    with running(tmp_path, authtoken(keystone, memcached, token_cache_time=1)) as (_, url):
        token = keystone.token("member")
        assert get(url, token).status_code == 200
        keystone.revoke(token)
        wait_until(lambda: get(url, token).status_code == 401, "the token to be refused")


def test_a_keystone_that_hangs_stops_unknown_tokens_only(keystone, memcached, tmp_path):
    with running(tmp_path, authtoken(keystone, memcached)) as (service, url):
        known, unknown = keystone.token("member"), keystone.token("member")
        assert get(url, known).status_code == 200
        keystone.freeze()
        try:
            for _ in range(3):
                begun_at = time.monotonic()
                answer = get(url, unknown)
                assert time.monotonic() - begun_at < MOST_SECONDS
                assert answer.status_code == 503
                assert answer.headers["Retry-After"]
                assert "Keystone does not answer" in answer.json()["message"]
                assert get(url, known).status_code == 200
                assert get(url, path="/healthcheck").status_code == 200
        finally:
            keystone.thaw()
        wait_until(lambda: get(url, unknown).status_code == 200, "the token to be accepted")
        found = service.lines_with("faafo.auth.validation")
        assert ["validated again" in line for line in found] == [False, True], found


def test_any_number_of_unknown_tokens_delays_no_lease_while_keystone_hangs(
    keystone, memcached, tmp_path
):
    claim = {"claimed_by": "me", "count": 1, "lease": 60}

    def post(token: str) -> requests.Response:
        headers = {"X-Auth-Token": token}
        return requests.post(f"{url}/api/claim", json=claim, headers=headers, timeout=60)

    with (
        running(tmp_path, authtoken(keystone, memcached)) as (_service, url),
        ThreadPoolExecutor(MANY) as strangers,
    ):
        known = keystone.token("service")
        assert post(known).status_code == 200
        keystone.freeze()
        try:
            answers = [strangers.submit(post, f"nonsense-{number}") for number in range(MANY)]
            while not all(answer.done() for answer in answers):
                assert post(known).status_code == 200
                assert get(url, path="/healthcheck").status_code == 200
        finally:
            keystone.thaw()
        assert {answer.result().status_code for answer in answers} == {503}


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({}, "[keystone_authtoken] auth_type: "),
        ({"auth_type": "password"}, "auth_url"),
        ({"auth_type": "nonsense"}, "nonsense"),
    ],
)
def test_an_incomplete_configuration_stops_the_start(tmp_path, group, words):
    config = write_config(
        tmp_path / "api.conf",
        DEFAULT={"bind_port": 0, "state_path": tmp_path},
        api={"auth_strategy": "keystone"},
        keystone_authtoken=group,
    )
    done = run(tmp_path, "faafo-api", "--config-file", config)
    assert done.returncode == 1
    (line,) = [one for one in done.stderr.splitlines() if "ERROR" in one]
    assert words in line
    assert "Traceback" not in done.stderr


def test_all_services_log_in_and_lose_nothing_when_the_password_is_changed(
    keystone, memcached, tmp_path, transport_url
):
    member = {"X-Auth-Token": keystone.token("member")}
    login = {"service_auth": keystone.options("service")}
    database = f"sqlite:///{tmp_path}/faafo.sqlite"

    def post(url: str) -> None:
        fractal = {**SMALL_FRACTAL, "uuid": str(uuid.uuid4())}
        answer = requests.post(f"{url}/api/fractal", json=fractal, headers=member, timeout=60)
        assert answer.status_code == 201, answer.text

    def complete(url: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{url}/api/fractal?results_per_page=100", headers=member, timeout=60)
        if answer.status_code == 503:
            # A Keystone beside much else may not answer in time.
            return []
        assert answer.status_code == 200, answer.text
        return [one for one in answer.json()["objects"] if one["status"] == "complete"]

    with Cluster(tmp_path, database, transport_url) as cluster:
        cluster.start_api(
            api={"auth_strategy": "keystone"},
            keystone_authtoken=authtoken(keystone, memcached, token_cache_time=1),
        )
        worker = cluster.start_worker(store={"url": "api://"}, **login)
        producer = cluster.start_producer(groups=login)
        for _ in range(25):
            post(cluster.url)
        wait_until(lambda: len(complete(cluster.url)) == 25, "25 fractals")
        keystone.change_password("service", "another")
        try:
            for _ in range(25):
                post(cluster.url)
            producer.stop()
            worker.stop()
            login = {"service_auth": keystone.options("service", "another")}
            cluster.start_worker("second", store={"url": "api://"}, **login)
            cluster.start_producer("another", groups=login)
            wait_until(lambda: len(complete(cluster.url)) == 50, "50 fractals")
        finally:
            keystone.change_password("service", PASSWORD)


def log_in(url: str, user: str, password: str = PASSWORD, **more: str) -> requests.Response:
    body = {"user": user, "password": password, **more}
    return requests.post(f"{url}/api/token", json=body, timeout=60)


def test_a_user_of_one_project_logs_in_without_naming_it_and_out(keystone, url):
    answer = log_in(url, "member")
    assert answer.status_code == 201, answer.text
    assert {"member", "reader"} <= set(answer.json()["roles"])
    token = answer.json()["token"]
    assert get(url, token).status_code == 200
    headers = {"X-Auth-Token": token}
    assert requests.delete(f"{url}/api/token", headers=headers, timeout=60).status_code == 204
    assert get(url, token).status_code == 401


def test_a_user_can_name_the_project_but_only_an_own_one(keystone, url):
    assert log_in(url, "stranger", project="beta").status_code == 201
    for answer in (log_in(url, "stranger", project="alpha"), log_in(url, "stranger", project="x")):
        assert answer.status_code == 401
        assert "the user name, the password or the project is wrong" in answer.json()["message"]


def test_a_wrong_password_is_refused_and_not_logged(keystone, api):
    service, url = api
    answer = log_in(url, "member", "wrong-S3Cret")
    assert answer.status_code == 401
    assert "S3Cret" not in answer.text + service.output()


def test_the_login_page_leads_to_the_own_gallery_with_a_cookie(keystone, url):
    session = requests.Session()
    headers = {"Accept": "text/html"}
    assert "/login?next=" in session.get(url, headers=headers, timeout=60).url
    form = {"user": "member", "password": PASSWORD, "next": "/?sort=largest"}
    page = session.post(f"{url}/login", data=form, headers=headers, timeout=60)
    assert page.url == f"{url}/?sort=largest"
    assert 'id="user">member<' in page.text
    assert session.post(f"{url}/logout", headers=headers, timeout=60).url.startswith(f"{url}/login")


class Browser:
    """A user in Chromium."""

    def __init__(self, page: Page, url: str) -> None:
        self.visit = Visit(page, url)
        self.page = page

    def log_in(self, user: str) -> None:
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.visit.follow(self.page.get_by_role("button", name="Log in"))
        expect(self.page.locator("#user")).to_have_text(user)

    def check_access(self) -> None:
        """Fail for a serious problem that axe finds."""
        found = Axe().run(self.page).response["violations"]
        assert [one for one in found if one["impact"] in ("serious", "critical")] == []

    def shown(self) -> set[str]:
        """Return the uuids of the pictures."""
        cards = self.page.locator(".gallery > li").all()
        return {card.get_attribute("data-key") or "" for card in cards}


def test_in_a_browser_one_sees_what_is_ones_own_and_what_is_shared(keystone, url, page):
    # Another test has changed a password, which revokes the tokens of that user.
    asked = with_new_tokens(keystone, url)
    users = {name: asked.user(name) for name in USERS}
    own, other = asked.complete(users["member"]), asked.complete(users["stranger"])
    browser = Browser(page, url)
    browser.visit.go("/")
    expect(page).to_have_url(f"{url}/login?next=/")
    browser.check_access()
    browser.log_in("member")
    assert own in browser.shown()
    assert other not in browser.shown()
    browser.check_access()
    browser.visit.go(f"/fractal/{own}")
    browser.visit.follow(page.get_by_role("button", name="Share with all projects"))
    expect(page.get_by_role("button", name="Stop sharing")).to_be_visible()
    browser.check_access()
    browser.visit.follow(page.get_by_role("button", name="Log out"))
    expect(page).to_have_url(f"{url}/login?next=/")
    browser.log_in("stranger")
    assert other in browser.shown()
    assert own not in browser.shown()
    browser.visit.follow(page.get_by_role("link", name="Shared", exact=True))
    assert own in browser.shown()
    assert other not in browser.shown()
    page.locator(f'[data-key="{own}"]').get_by_role("button", name="Favourite").click()
    star = page.locator(f'[data-key="{own}"]').get_by_role("button", pressed=True)
    expect(star).to_have_text("★")
    browser.visit.follow(page.get_by_role("link", name="Favourites"))
    # There are those, too, that another test has starred by each route.
    assert own in browser.shown()
    browser.check_access()
    browser.visit.follow(page.get_by_role("link", name="Collections"))
    browser.check_access()
    browser.visit.go(f"/fractal/{own}")
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)
    browser.check_access()
    browser.visit.follow(page.get_by_role("button", name="Log out"))
    browser.log_in("member")
    browser.visit.follow(page.get_by_role("link", name="Favourites"))
    assert own not in browser.shown()
    assert browser.visit.troubles == []
