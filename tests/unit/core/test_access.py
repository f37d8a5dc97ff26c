# SPDX-License-Identifier: Apache-2.0
"""Fractals of several projects: who sees and changes which of them, by every route."""

import json
import re
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from faafo import errors
from faafo.app import event_watch, factory, settings
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.app.server import HttpServer
from faafo.auth.identity import Identity
from faafo.client import Client
from faafo.conf.live import LiveConfiguration
from faafo.conf.scratch import Source
from faafo.core.collaborators import Collaborators
from faafo.core.policy import Everything
from faafo.db import collections, db, fractals
from faafo.db.counts import Counts
from faafo.db.scope import NOBODY as WITHOUT_LOGIN
from faafo.db.scope import SHARED
from faafo.fractal.png import has_sides
from tests.functional import matrix
from tests.functional.event_stream import EventStream
from tests.functional.matrix import Matrix, User
from tests.functional.processes import SMALL_FRACTAL

HEADER = "X-Auth-Token"
ROLES = {"admin": ("admin", "member", "reader"), "member": ("member", "reader")}


def implied(role):
    return ROLES.get(role, (role,))


class ByHeader:
    """Believes what the header says: user, project and role."""

    credentials = (HEADER,)
    has_projects = True

    def identify(self, request):
        said = request.headers.get(HEADER)
        if said is None:
            raise errors.Unauthenticated("say who you are")
        name, project, role = said.split("/")
        return Identity(name, name, project or None, implied(role))

    def recall(self, request):
        return self.identify(request)

    def was_valid(self, request):
        return True

    def log_in(self, credentials):
        raise errors.Unauthenticated("this is no login")

    def log_out(self, token):
        pass


def user(name, project, role):
    return User(role, project, {HEADER: f"{name}/{project}/{role}"})


USERS = {
    "reader": user("rita", "alpha", "reader"),
    "member": user("ada", "alpha", "member"),
    "operator": user("olga", "alpha", "admin"),
    "service": user("faafo", "alpha", "service"),
    "stranger": user("bob", "beta", "member"),
    "unknown role": user("ulf", "alpha", "guest"),
}
NOBODY = User("", "", {})


@pytest.fixture
def app(app, conf, store, monkeypatch):
    """The application with several projects."""
    conf.set_override("auth_strategy", "http_basic", "api")
    conf.set_override("public_gallery", True, "api")
    monkeypatch.setattr(factory, "open_authenticator", lambda *_: ByHeader())
    app = create_app(conf, store, "1.2.3")
    settings.follow(app, LiveConfiguration(conf, Source("faafo-api", "1.2.3", [], []), ()))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def asked(app):
    server = HttpServer(app, "127.0.0.1", 0, threads=4)
    server.start()
    yield Matrix(server.url, USERS, implied)
    server.stop()


def listed(asked, who, path="/api/fractal"):
    answer = asked.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["num_results"] == len(page["objects"])
    return {one["uuid"] for one in page["objects"]}


def shown(asked, who, path="/"):
    answer = asked.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return set(re.findall(r'<li data-key="([0-9a-f-]{36})"', answer.text)), answer.text


def test_the_matrix_leaves_no_route_out():
    assert matrix.missing() == set()


@pytest.mark.parametrize("name", USERS)
def test_each_user_gets_from_each_route_what_the_rules_say(asked, name):
    assert asked.differences(name) == []


def test_the_quota_of_another_project_is_as_if_there_were_none(asked):
    answer = asked.ask(USERS["reader"], "GET", "/api/quota/beta")
    assert (answer.status_code, answer.json()["message"]) == (
        404,
        "there is no quota of a project beta",
    )


def test_a_quota_is_that_of_the_project_that_posts(asked):
    asked.ask(USERS["operator"], "PUT", "/api/quota/alpha", json={"fractals": 1})
    statuses = [
        asked.ask(USERS[name], "POST", "/api/fractal", json=SMALL_FRACTAL).status_code
        for name in ("member", "operator", "stranger", "stranger")
    ]
    assert statuses == [201, 403, 201, 201]


def test_the_form_shows_the_usage_of_a_limited_project(asked):
    form = {"data": SMALL_FRACTAL | {"cx": "", "cy": ""}}
    assert "Quota" not in asked.ask(USERS["member"], "GET", "/new").text
    asked.ask(USERS["operator"], "PUT", "/api/quota/alpha", json={"queued": 1, "bytes": 5000})
    assert asked.ask(USERS["member"], "POST", "/new", **form).status_code == 303
    refused = asked.ask(USERS["member"], "POST", "/new", **form)
    assert refused.status_code == 403
    assert "project alpha uses 1 of 1 queued" in refused.text
    assert "Quota: 1 of 1 fractals queued, 0 of 5,000 bytes of images." in refused.text


def test_lists_pages_and_counts_are_of_ones_own_project(asked):
    own, shared = asked.complete(USERS["member"]), asked.complete(USERS["member"], shared=True)
    other = asked.complete(USERS["stranger"])
    assert listed(asked, USERS["reader"]) == {own, shared}
    assert listed(asked, USERS["stranger"]) == {other}
    assert listed(asked, USERS["stranger"], "/api/fractal?scope=shared") == {shared}
    assert shown(asked, USERS["reader"])[0] == {own, shared}
    for order in ("newest", "longest", "largest"):
        assert shown(asked, USERS["stranger"], f"/?sort={order}")[0] == {other}
        found, page = shown(asked, USERS["stranger"], f"/?scope=shared&sort={order}")
        assert found == {shared}
        assert re.search(r'Complete <span class="count">1<', page)


def test_a_search_finds_nothing_of_another_project(asked):
    own, other = asked.complete(USERS["member"]), asked.complete(USERS["stranger"])
    for name, op, val in (("width", ">", 0), ("project_id", "==", "beta"), ("shared", "==", False)):
        q = json.dumps({"filters": [{"name": name, "op": op, "val": val}]})
        answer = asked.ask(USERS["member"], "GET", "/api/fractal?q=" + q)
        assert other not in answer.text
        assert (own in answer.text) == (name != "project_id")


def test_administrators_see_all_projects_when_they_ask_for_them(asked):
    own, other = asked.complete(USERS["member"]), asked.complete(USERS["stranger"])
    assert listed(asked, USERS["operator"]) == {own}
    assert listed(asked, USERS["operator"], "/api/fractal?scope=all_projects") == {own, other}
    assert shown(asked, USERS["operator"], "/?scope=all_projects")[0] == {own, other}
    refused = asked.ask(USERS["member"], "GET", "/api/fractal?scope=all_projects")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "scope: the policy does not allow you fractal:all_projects",
    )


def test_what_was_posted_without_a_login_is_seen_by_administrators_only(asked, app, make_task):
    with app.app_context():
        old = fractals.add(db.session, make_task()).uuid
    assert asked.ask(USERS["member"], "GET", f"/api/fractal/{old}").status_code == 404
    assert asked.ask(USERS["operator"], "GET", f"/api/fractal/{old}").status_code == 200
    assert listed(asked, USERS["operator"], "/api/fractal?scope=all_projects") == {old}


def test_a_record_says_whose_it_is_and_cannot_be_given_away(asked):
    uuid = asked.complete(USERS["member"])
    record = asked.ask(USERS["member"], "GET", f"/api/fractal/{uuid}").json()
    assert (record["project_id"], record["user_id"], record["shared"]) == ("alpha", "ada", False)
    for change in ({"project_id": "beta"}, {"user_id": "bob"}, {"shared": True}):
        answer = asked.ask(USERS["service"], "PATCH", f"/api/fractal/{uuid}", json=change)
        assert answer.status_code == 409, answer.text


def test_visitors_see_what_is_shared_and_nothing_else(asked):
    shared, private = (
        asked.complete(USERS["member"], shared=True),
        asked.complete(USERS["stranger"]),
    )
    assert shown(asked, NOBODY)[0] == listed(asked, NOBODY) == {shared}
    for path in (
        "/fractal/{}",
        "/api/fractal/{}",
        "/api/fractal/{}/image",
        "/fractal/{}/thumbnail",
    ):
        assert asked.ask(NOBODY, "GET", path.format(shared)).status_code == 200
        assert asked.ask(NOBODY, "GET", path.format(private)).status_code == 404
    assert asked.ask(NOBODY, "GET", "/api/fractal?scope=all_projects").status_code == 403
    for method, path in (
        ("GET", "/new"),
        ("DELETE", f"/api/fractal/{shared}"),
        ("GET", "/explore"),
    ):
        assert asked.ask(NOBODY, method, path).status_code == 401
    wrong = User("", "", {HEADER: "eve//"})
    assert asked.ask(wrong, "GET", "/").status_code == 403


def test_a_part_of_an_image_of_another_project_is_not_found(asked):
    uuid = asked.complete(USERS["stranger"])
    headers = USERS["member"].headers | {"Range": "bytes=0-7"}
    answer = asked.ask(User("member", "alpha", headers), "GET", f"/api/fractal/{uuid}/image")
    assert answer.status_code == 404
    headers = USERS["stranger"].headers | {"Range": "bytes=0-23"}
    answer = asked.ask(User("member", "beta", headers), "GET", f"/api/fractal/{uuid}/image")
    assert answer.status_code == 206
    assert has_sides(answer.content, SMALL_FRACTAL["width"], SMALL_FRACTAL["height"])


def test_buttons_that_one_may_not_press_are_not_shown(asked):
    uuid = asked.complete(USERS["member"], shared=True)
    path = f"/fractal/{uuid}"
    page = {name: asked.ask(who, "GET", path).text for name, who in USERS.items()}
    page["nobody"] = asked.ask(NOBODY, "GET", path).text
    for words, seeing in (
        (f"{path}/delete", {"member", "operator"}),
        ("Stop sharing", {"member", "operator"}),
        ("Render again larger", {"member", "operator", "service", "stranger"}),
        ('href="/new"', {"member", "operator", "service", "stranger"}),
        ('href="/explore', {"reader", "member", "operator", "stranger"}),
    ):
        assert {name for name, text in page.items() if words in text} == seeing, words


def test_sharing_can_be_stopped_on_the_page(asked):
    uuid = asked.complete(USERS["member"])
    address = f"/fractal/{uuid}/share"
    for form, status in (({"shared": "true"}, 200), ({"x": ""}, 404)):
        answer = asked.ask(USERS["member"], "POST", address, data=form)
        assert answer.status_code == 303
        assert asked.ask(USERS["stranger"], "GET", f"/fractal/{uuid}").status_code == status


def test_a_marker_of_another_project_is_no_place_in_a_list(asked):
    asked.complete(USERS["member"])
    uuid = asked.complete(USERS["stranger"])
    for path in (f"/api/fractal?marker={uuid}", f"/?older_than={uuid}"):
        assert asked.ask(USERS["member"], "GET", path).status_code == 404


def test_a_link_to_the_explorer_does_not_tell_of_another_projects_fractal(asked):
    uuid = asked.complete(USERS["stranger"])
    page = asked.ask(USERS["member"], "GET", f"/explore?fractal={uuid}")
    assert page.status_code == 200
    assert uuid not in page.text.replace(f"fractal={uuid}", "")


def test_answers_to_different_users_are_kept_apart_by_caches(asked):
    answer = requests.get(asked._url + "/", headers=USERS["member"].headers, timeout=60)
    assert HEADER in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-cache, private"


def test_a_rule_for_everybody_does_not_open_other_projects_to_visitors(asked, app):
    private = asked.complete(USERS["member"])
    ours = app.extensions["faafo"]
    Collaborators.install(replace(ours, policy=Everything()), app)
    assert asked.ask(NOBODY, "GET", f"/api/fractal/{private}").status_code == 404
    assert listed(asked, NOBODY) == set()


def test_sharing_is_counted_at_once(asked, app):
    with app.app_context():
        counts = Counts(margin=0, scope=SHARED)
        uuid = asked.complete(USERS["member"])
        for shared in (True, False):
            fractals.share(db.session, fractals.get(db.session, uuid), shared)
            assert counts.total(db.session) == int(shared)


def test_visitors_do_not_see_the_favourites_of_those_without_a_login(asked, app):
    favourite = asked.complete(USERS["member"], shared=True)
    uuid = collections.favourites_uuid(WITHOUT_LOGIN)
    paths = f"/api/collection/{uuid}", f"/collection/{uuid}", f"/api/fractal?collection={uuid}"
    assert {asked.ask(NOBODY, "GET", path).status_code for path in paths} == {404}
    with app.app_context():
        theirs = collections.favourites(db.session, WITHOUT_LOGIN)
        collections.put(db.session, theirs, fractals.get(db.session, favourite))
    assert {asked.ask(NOBODY, "GET", path).status_code for path in paths} == {404}
    assert {asked.ask(USERS["operator"], "GET", path).status_code for path in paths} == {200}


def test_a_client_without_a_login_has_no_favourites_though_others_share_theirs(asked, api_url):
    shared = asked.ask(USERS["member"], "GET", "/api/collection/mine").headers["Location"]
    assert asked.ask(USERS["member"], "PATCH", shared, json={"shared": True}).status_code == 200
    with Client(api_url) as client, pytest.raises(errors.ApiRefused) as refused:
        client.favourites()
    assert refused.value.status == 401


def test_pages_name_the_users_whose_favourites_are_shared_as_all_have_the_same_name(asked):
    member, stranger = USERS["member"], USERS["stranger"]
    mine = asked.ask(member, "GET", "/api/collection/mine").headers["Location"]
    asked.ask(member, "PATCH", mine, json={"shared": True})
    for path in ("/collections", mine.removeprefix("/api")):
        for who, named in ((stranger, True), (USERS["operator"], True), (member, False)):
            assert ("of ada<" in asked.ask(who, "GET", path).text) is named


@pytest.fixture
def followed(app, conf, stop, monkeypatch):
    """The URL of an API with event streams."""
    monkeypatch.setattr(event_watch, "EFFECTIVE_SECONDS", 0.0)
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    yield service.start(stop)
    service.stop()


# By user and scope: the fractals whose events a stream has, of alpha's and beta's, shared or not.
STREAMS = [
    ("reader", "project", {"a", "as"}),
    ("reader", "shared", {"as", "bs"}),
    ("stranger", "project", {"b", "bs"}),
    ("operator", "project", {"a", "as"}),
    ("operator", "all_projects", {"a", "as", "b", "bs"}),
    (None, "project", {"as", "bs"}),
]


def test_a_stream_has_the_events_of_what_its_client_may_see(followed):
    with ExitStack() as opened:
        streams = []
        for name, scope, expected in STREAMS:
            who = USERS[name] if name else NOBODY
            wanted = {"scope": scope, "types": "fractal.queued"}
            client = EventStream(followed, params=wanted, headers=who.headers)
            streams.append((opened.enter_context(client).opened(), expected))
        uuids = {}
        for name, owner, shared in (
            ("a", "member", False),
            ("as", "member", True),
            ("b", "stranger", False),
            ("bs", "stranger", True),
        ):
            posted = SMALL_FRACTAL | {"shared": shared}
            headers = USERS[owner].headers
            answer = requests.post(
                f"{followed}/api/fractal", json=posted, headers=headers, timeout=60
            )
            uuids[answer.json()["uuid"]] = name
        for client, expected in streams:
            got = [uuids[client.next().data["data"]["uuid"]] for _ in expected]
            assert sorted(got) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "scope", "status"),
    [
        ("reader", "all_projects", 403),
        (None, "all_projects", 403),
        ("unknown role", "project", 403),
    ],
)
def test_a_stream_of_what_one_may_not_see_is_refused(followed, name, scope, status):
    headers = USERS[name].headers if name else {}
    answer = requests.get(
        f"{followed}/api/event", params={"scope": scope}, headers=headers, timeout=60
    )
    assert answer.status_code == status


@pytest.mark.parametrize(("name", "status"), [("service", 403), ("member", 403), ("operator", 404)])
def test_only_administrators_delete_a_service_that_is_not_their_own(asked, name, status):
    answer = asked.ask(USERS[name], "DELETE", matrix.NO_SERVICE)
    assert answer.status_code == status
