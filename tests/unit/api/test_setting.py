# SPDX-License-Identifier: Apache-2.0
"""The resource ``setting``: options of services that are set while they run."""

import threading
import time

import pytest

from faafo.app import settings
from faafo.conf.live import LiveConfiguration
from faafo.conf.scratch import Source
from faafo.core.collaborators import collaborators


@pytest.fixture
def live(app, conf):
    live = LiveConfiguration(conf, Source("faafo-api", "1.0", [], []), ())
    settings.follow(app, live)
    return live


@pytest.fixture
def client(app, live):
    return app.test_client()


def put(client, name, value):
    return client.put(f"/api/setting/{name}", json={"value": value})


def test_a_setting_takes_effect_until_it_is_deleted(client, conf):
    answer = put(client, "api.max_width", "100")
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["value"]) == ("api.max_width", "100")
    assert conf.api.max_width == 100
    assert client.get("/api/setting/api.max_width").json == answer.json
    assert client.get("/api/setting").json == {"version": 1, "settings": [answer.json]}
    assert client.delete("/api/setting/api.max_width").status_code == 204
    assert conf.api.max_width == 16384
    assert client.get("/api/setting").json == {"version": 2, "settings": []}
    for method in (client.get, client.delete):
        assert method("/api/setting/api.max_width").status_code == 404
    assert client.get("/api/setting").json["version"] == 2


def test_flask_knows_its_options_anew(app, client):
    put(client, "api.max_body_size", "2048")
    put(client, "api.accept_images", "no")
    assert (app.config["MAX_CONTENT_LENGTH"], app.config["ACCEPT_IMAGES"]) == (2048, False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("api.max_width", "0", "value: [api] max_width = 0: Should be greater than or equal to 1"),
        ("api.max_width", "wide", "value: [api] max_width = wide: "),
        ("api.threads", "9", "name: 'api.threads' is no option that can be set here"),
        ("database_url", "sqlite://", "name: 'database_url' is no option"),
        ("webhook.retry_schedule", "900000", "value: [events] retention = 604800: must be"),
        ("interval", "1" * 4001, "value: "),
    ],
)
def test_a_bad_setting_is_refused_and_stored_nowhere(client, conf, name, value, words):
    answer = put(client, name, value)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(words)
    assert client.get("/api/setting").json == {"version": 0, "settings": []}
    assert conf.api.max_width == 16384


@pytest.mark.parametrize("query", ["after=-1", "after=x", "wait=31", "wait=nan", "since=1"])
def test_a_bad_query_is_refused(client, query):
    assert client.get(f"/api/setting?{query}").status_code == 400


def test_who_waits_is_told_of_a_change_at_once(app, client):
    with app.app_context():
        collaborators().settings.changes.open()
    answers = []

    def wait():
        answers.append(app.test_client().get("/api/setting?after=0&wait=30").json)

    waiting = threading.Thread(target=wait)
    waiting.start()
    put(client, "interval", "2")
    waiting.join(30)
    assert [one["version"] for one in answers] == [1]
    begun_at = time.monotonic()
    assert client.get("/api/setting?after=0&wait=30").json["version"] == 1
    assert time.monotonic() - begun_at < 20


def test_an_api_without_threads_lets_nobody_wait(client):
    assert client.get("/api/setting?after=0&wait=30").json["version"] == 0
