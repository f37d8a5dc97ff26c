# SPDX-License-Identifier: Apache-2.0
"""The resource ``backlog``."""

from datetime import UTC, datetime, timedelta

import pytest

from faafo.core import backlog

FRACTAL = {
    "width": 8, "height": 6, "iterations": 20, "xa": -1, "xb": 1, "ya": -1, "yb": 1,
}  # fmt: skip
CLAIM = {"claimed_by": "producer", "count": 1, "lease": 60}
PATH = "/api/backlog"


@pytest.fixture
def client(app, monkeypatch):
    """A client for which the backlog is counted each time."""
    monkeypatch.setattr(backlog, "REUSE_SECONDS", 0.0)
    monkeypatch.setattr(backlog, "REUSE_FACTOR", 0.0)
    return app.test_client()


def numbers(client):
    answer = client.get(PATH)
    assert answer.status_code == 200
    shown = dict(answer.json)
    assert shown.pop("oldest_seconds") >= 0
    return shown


def test_it_follows_what_is_posted_and_claimed(client):
    nothing = dict.fromkeys(("queued", "claimable", "rendering", "outstanding"), 0)
    assert numbers(client) == nothing
    assert client.get(PATH).json["oldest_seconds"] == 0
    for _ in range(3):
        client.post("/api/fractal", json=FRACTAL)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    client.post("/api/fractal", json=FRACTAL | {"not_before": tomorrow})
    assert numbers(client) == nothing | {"queued": 4, "claimable": 3, "outstanding": 3}
    client.post("/api/claim", json=CLAIM)
    expected = {"queued": 3, "claimable": 2, "rendering": 1, "outstanding": 3}
    assert numbers(client) == expected


def test_the_parts_of_a_poster_count_and_the_poster_does_not(client):
    client.post("/api/fractal", json=FRACTAL | {"split": 3})
    assert numbers(client)["outstanding"] == 3


def test_nothing_can_be_claimed_while_renders_are_paused(client):
    client.post("/api/fractal", json=FRACTAL)
    client.post("/api/fractal", json=FRACTAL)
    client.post("/api/claim", json=CLAIM)
    client.put("/api/maintenance", json={"mode": "paused"})
    shown = {"queued": 1, "claimable": 0, "rendering": 1, "outstanding": 1}
    assert numbers(client) == shown
    assert client.get(PATH).json["oldest_seconds"] == 0


def test_it_is_that_of_a_kind_or_a_label_on_request(client):
    client.post("/api/fractal", json=FRACTAL)
    client.post("/api/fractal", json=FRACTAL | {"label": "bigmem"})

    def outstanding(query):
        return client.get(PATH + query).json["outstanding"]

    queries = ("", "?kind=render", "?label=bigmem", "?label=", "?kind=join", "?label=other")
    assert [outstanding(query) for query in queries] == [2, 2, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?q=1", "q': is no parameter here; known are kind, label"),
        ("?kind=cook", "kind: "),
        ("?label=a%20b", "label: "),
        (f"?label={65 * 'x'}", "label: "),
        ("?kind=join&kind=film", "kind: is given 2 times"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(client, query, message):
    answer = client.get(PATH + query)
    assert (answer.status_code, message in answer.json["message"]) == (400, True)


def test_it_is_only_read(client):
    assert client.post(PATH, json={}).status_code == 405
