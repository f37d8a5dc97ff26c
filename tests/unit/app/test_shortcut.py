# SPDX-License-Identifier: Apache-2.0
"""Jobs that Redis knows: answered without a query, and only where that does no harm."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import event

from faafo import errors
from faafo.app import factory
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.auth.identity import SENDER, Identity
from faafo.core.collaborators import KEY
from faafo.core.jobs import FRESH_SECONDS
from faafo.db import claims, db, fractals, outcomes
from faafo.db.outcomes import RetryPolicy
from faafo.db.scope import Owner
from faafo.recent.state import Found, JobState
from tests.htpasswd import user_line

RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "w\u00f6rker-1"}
LONG_AGO = FRESH_SECONDS + 1
PROJECT = "p"
POLICY = RetryPolicy(1, 0.0, 0.0)


class Known:
    """What Redis would hold; ``age`` is that of every state."""

    def __init__(self):
        self.states = {}
        self.age = 0
        self.told = []

    def get(self, uuid):
        state = self.states.get(uuid)
        return state and Found(json.loads(state.document), self.age)

    def tell(self, state):
        self.told.append(state)
        known = self.states.get(state.uuid)
        if known is None or state.order > known.order:
            self.states[state.uuid] = state


class ByHeader:
    """Believes what the header says: the project and the role."""

    credentials = ("X-Auth-Token",)
    has_projects = True

    def identify(self, request):
        said = request.headers.get("X-Auth-Token")
        if said is None:
            raise errors.Unauthenticated("say who you are")
        project, role = said.split("/")
        return Identity("u", "u", project or None, (role,))

    recall = identify

    def was_valid(self, request):
        return True


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def make_app(conf, store, empty_database, known):
    """Makes the application on an SQLite file, with a Redis that is in memory."""
    made = []

    def make():
        conf.set_override("redis_url", "redis://127.0.0.1:1", group="reader")
        shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")
        app = create_app(conf, store, "1.2.3")
        replace(app.extensions[KEY], recent=known).install(app)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def guarded(conf, make_app, monkeypatch):
    """The application with several projects."""
    conf.set_override("auth_strategy", "http_basic", group="api")
    conf.set_override("public_gallery", True, group="api")
    monkeypatch.setattr(factory, "open_authenticator", lambda conf, tokens: ByHeader())
    return make_app()


@pytest.fixture
def queries(request):
    """The statements that are executed, once ``count`` is called with an application."""
    seen = []

    def count(app):
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", lambda *some: seen.append(some[2]))
        return seen

    return count


@pytest.fixture
def posted(make_task):
    """Posts a fractal of a project, and tells what Redis knows of it."""

    def post(app, known=None, shared=False, **changes):
        with app.app_context():
            owner = Owner(PROJECT, "u")
            fractal = fractals.add(db.session, make_task(height=8), owner, shared)
            uuid, created_at = fractal.uuid, fractal.created_at
            if known is not None:
                known.tell(state_of(uuid, created_at, **changes))
        return uuid

    return post


def state_of(uuid, created_at, **changes):
    fields = {"status": "queued", "attempt": 0, "project_id": PROJECT, **changes}
    created_at = created_at.replace(tzinfo=UTC)
    return JobState(uuid=uuid, created_at=created_at, moment=datetime.now(UTC), **fields)


COMPLETE = {"status": "complete", "attempt": 1, "progress": 1.0, **RESULT}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": "rendering", "attempt": 1},
        {"status": "rendering", "attempt": 1, "progress": 0.25},
        {"status": "error", "attempt": 5, "fault": 'lost "it"\u2026'},
        COMPLETE,
    ],
)
def test_a_job_that_redis_knows_is_answered_without_a_query(app, known, posted, queries, changes):
    uuid = posted(app, known, **changes)
    seen = queries(app)
    answers = [
        app.test_client().get(f"/{prefix}/job/{uuid}", headers=headers)
        for prefix in ("api", "v1")
        # A request with this header is answered by Flask.
        for headers in ({}, {"Prefer": "respond-async"})
    ]
    assert seen == []
    assert [one.status_code for one in answers] == 4 * [200]
    for ours, flasks in (answers[:2], answers[2:]):
        assert ours.data == flasks.data
        assert sorted(_headers(ours)) == sorted(_headers(flasks))
        assert ours.headers["X-Openstack-Request-Id"].startswith("req-")
    assert answers[0].json["status"] == changes.get("status", "queued")
    assert answers[0].json["progress"] == changes.get("progress")
    assert answers[0].json["fault"] == changes.get("fault")


def _headers(answer):
    # Our HTTP server sends a date unless there is one.
    own = ("X-Openstack-Request-Id", "Date")
    return [(name, value) for name, value in answer.headers if name not in own]


def test_what_redis_knows_is_what_the_database_knows(app, known, posted, change):
    uuid = posted(app, known, **COMPLETE)
    ours = app.test_client().get(f"/api/job/{uuid}")
    known.states.clear()
    with app.app_context():
        fractal = fractals.get(db.session, uuid)
        fractal.status, fractal.attempt = "complete", 1
        for name, value in RESULT.items():
            setattr(fractal, name, value)
        db.session.commit()
    assert app.test_client().get(f"/api/job/{uuid}").data == ours.data
    # It was not there, and is now.
    assert known.get(uuid).fields == {
        "status": "complete",
        "project_id": PROJECT,
        "progress": 1.0,
        **RESULT,
    }


def test_an_unchanged_job_is_a_304_whoever_answers(app, known, posted):
    uuid = posted(app, known, **COMPLETE)
    client = app.test_client()
    etag = client.get(f"/api/job/{uuid}").headers["ETag"]
    for tag in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        for more in ({}, {"Prefer": "handling=lenient"}):
            answer = client.get(f"/api/job/{uuid}", headers={"If-None-Match": tag, **more})
            assert (answer.status_code, answer.data) == (304, b""), (tag, more)
            assert answer.headers["ETag"] == etag
    other = client.get(f"/api/job/{uuid}", headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


def test_a_job_that_is_not_the_expected_one_is_a_412_whoever_answers(app, known, posted):
    uuid = posted(app, known, **COMPLETE)
    client = app.test_client()
    for more in ({}, {"Prefer": "nothing"}):
        headers = {"If-Match": '"x"', **more}
        assert client.get(f"/api/job/{uuid}", headers=headers).status_code == 412


def test_each_answer_is_a_line_of_the_access_log(app, known, posted, caplog):
    uuid = posted(app, known)
    caplog.set_level("INFO", logger="faafo.api.access")
    app.test_client().get(f"/api/job/{uuid}", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    (line,) = [one.getMessage() for one in caplog.records if one.name == "faafo.api.access"]
    assert line.startswith(f'192.0.2.1 "GET /api/job/{uuid} HTTP/1.1" status: 200 len: ')


@pytest.mark.parametrize("age", [LONG_AGO, -1])
@pytest.mark.parametrize("status", ["queued", "rendering", "error"])
def test_what_may_have_changed_is_looked_up_when_it_is_old(
    app, known, posted, queries, status, age
):
    uuid = posted(app, known, status=status, attempt=0)
    seen = queries(app)
    known.age = age
    # The record is queued.
    assert app.test_client().get(f"/api/job/{uuid}").json["status"] == "queued"
    assert len([one for one in seen if one.startswith("SELECT")]) == 1
    assert known.told[-1].status == "queued"


def test_a_complete_job_stays_so_however_old_it_is(app, known, posted, queries):
    uuid = posted(app, known, **COMPLETE)
    seen = queries(app)
    known.age = 10**6
    assert app.test_client().get(f"/api/job/{uuid}").json["status"] == "complete"
    assert seen == []


def test_a_deleted_job_is_looked_up_for_it_may_have_been_posted_anew(app, known, posted):
    uuid = posted(app, known, status="deleted", attempt=0)
    assert app.test_client().get(f"/api/job/{uuid}").json["status"] == "queued"


def test_a_job_that_is_in_neither_is_not_found(app):
    path = "/api/job/00000000-0000-4000-8000-00000000ffff"
    assert app.test_client().get(path).status_code == 404


def test_who_deletes_a_fractal_is_not_told_that_it_is_complete(app, known, posted):
    uuid = posted(app, known, **COMPLETE)
    client = app.test_client()
    assert client.delete(f"/api/fractal/{uuid}").status_code == 204
    assert client.get(f"/api/job/{uuid}").status_code == 404
    # An event that comes late does not change that.
    known.tell(state_of(uuid, datetime(2000, 1, 1), **COMPLETE))
    assert client.get(f"/api/job/{uuid}").status_code == 404


@pytest.mark.parametrize("path", ["/api/fractal/{}/retry", "/fractal/{}/retry"])
def test_who_retries_a_fractal_is_not_told_that_it_is_in_error(app, known, posted, path):
    uuid = posted(app)
    with app.app_context():
        (claimed,) = claims.claim(db.session, "me", 1, 60, POLICY)
        lease = outcomes.Lease(uuid, claimed.attempt)
        created_at = claimed.created_at
        outcomes.fail(db.session, lease, "poison", POLICY)
    client = app.test_client()
    assert client.get(f"/api/job/{uuid}").json["status"] == "error"
    assert client.post(path.format(uuid)).status_code < 400
    assert client.get(f"/api/job/{uuid}").json["status"] == "queued"
    known.tell(state_of(uuid, created_at, status="error", attempt=1))
    assert client.get(f"/api/job/{uuid}").json["status"] == "queued"


@pytest.mark.parametrize("status", ["queued", "error"])
def test_a_request_that_waits_believes_the_database(
    app, conf, known, posted, stop, wait_until, status
):
    uuid = posted(app, known, status=status, attempt=9)
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    url = service.start(stop)
    try:
        with ThreadPoolExecutor(1) as pool:
            path = f"{url}/api/job/{uuid}"
            waits = pool.submit(requests.get, path, headers={"Prefer": "wait=50"}, timeout=60)
            wait_until(lambda: len(app.extensions[KEY].endings) == 1, "a request that waits")
            done = requests.put(f"{url}/api/fractal/{uuid}", json=RESULT, timeout=60)
            assert done.status_code == 200
            answer = waits.result()
            assert answer.json()["status"] == "complete"
            assert "Preference-Applied" in answer.headers
            # What is complete in Redis is answered at once.
            known.states.clear()
            known.tell(state_of(uuid, datetime(2026, 1, 1), **COMPLETE))
            assert requests.get(path, headers={"Prefer": "wait=50"}, timeout=60).ok
    finally:
        service.stop()


@pytest.mark.parametrize("query", ["?wait=10", "?"])
def test_a_parameter_is_refused_as_ever(app, known, posted, query):
    uuid = posted(app, known)
    assert app.test_client().get(f"/api/job/{uuid}{query}").status_code == (
        400 if query[1:] else 200
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused_as_ever(app, known, posted, method):
    uuid = posted(app, known)
    assert app.test_client().open(f"/api/job/{uuid}", method=method).status_code == 405


def get(app, uuid, sender=None):
    """Ask as the HTTP server does, which knows the sender."""
    headers = {"X-Auth-Token": sender} if sender else {}
    environ = {}
    if sender:
        project, role = sender.split("/")
        environ = {SENDER: Identity("u", "u", project or None, (role,))}
    return app.test_client().get(f"/api/job/{uuid}", headers=headers, environ_overrides=environ)


@pytest.mark.parametrize("sender", ["p/reader", "q/admin"])
def test_who_may_see_a_job_is_answered_without_a_query(guarded, known, posted, queries, sender):
    uuid = posted(guarded, known, **COMPLETE)
    seen = queries(guarded)
    ours = get(guarded, uuid, sender)
    assert ours.status_code == 200
    assert seen == []
    flasks = guarded.test_client().get(
        f"/api/job/{uuid}", headers={"X-Auth-Token": sender, "Prefer": "handling=strict"}
    )
    assert ours.data == flasks.data
    assert sorted(_headers(ours)) == sorted(_headers(flasks))
    assert "private" in ours.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("sender", "status"),
    [("q/member", 404), (None, 404), ("p/guest", 403), ("/reader", 403)],
)
def test_who_may_not_see_a_job_is_answered_as_without_redis(guarded, known, posted, sender, status):
    uuid = posted(guarded, known, **COMPLETE)
    assert get(guarded, uuid, sender).status_code == status


@pytest.mark.parametrize("sender", ["q/member", None])
def test_whether_a_job_is_shared_is_asked_of_the_database(guarded, known, posted, queries, sender):
    uuid = posted(guarded, known, shared=True, **COMPLETE)
    seen = queries(guarded)
    # It is complete in Redis only.
    assert get(guarded, uuid, sender).json["status"] == "queued"
    assert seen


def test_credentials_that_nobody_has_checked_are_checked(guarded, known, posted):
    uuid = posted(guarded, known, **COMPLETE)
    headers = {"X-Auth-Token": "p/reader"}
    assert guarded.test_client().get(f"/api/job/{uuid}", headers=headers).status_code == 200
    error = errors.Unauthenticated("no")
    answer = guarded.test_client().get(f"/api/job/{uuid}", environ_overrides={SENDER: error})
    assert answer.status_code in (401, 404)


def test_a_known_password_takes_no_query(conf, make_app, known, posted, queries, tmp_path):
    path = tmp_path / "users"
    path.write_text(user_line("ada", "secret"))
    conf.set_override("auth_strategy", "http_basic", group="api")
    conf.set_override("http_basic_auth_user_file", str(path), group="api")
    app = make_app()
    uuid = posted(app, known, **COMPLETE | {"project_id": "default"})
    client = app.test_client()
    seen = queries(app)
    for _ in range(2):
        assert client.get(f"/api/job/{uuid}", auth=("ada", "secret")).status_code == 200
    assert client.get(f"/api/job/{uuid}", auth=("ada", "wrong")).status_code == 401
    assert seen == []


def test_without_redis_there_is_no_shortcut(conf, store, empty_database, make_task):
    shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")
    app = create_app(conf, store, "1.2.3")
    assert app.extensions[KEY].recent is None
    with app.app_context():
        uuid = fractals.add(db.session, make_task()).uuid
        assert app.test_client().get(f"/api/job/{uuid}").json["status"] == "queued"
    # The session of the block above has given its connection back.
    with app.app_context():
        db.engine.dispose()
