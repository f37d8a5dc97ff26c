# SPDX-License-Identifier: Apache-2.0
"""The resource ``lock``, and posting under one."""

import threading

import pytest

from faafo.client.http import Client
from faafo.core.collaborators import KEY

ADA = {"holder": "ada", "ttl": 60}
FRACTAL = {
    "width": 8, "height": 6, "iterations": 20, "xa": -1, "xb": 1, "ya": -1, "yb": 1,
}  # fmt: skip


@pytest.fixture
def client(app):
    return app.test_client()


def test_a_lock_is_acquired_extended_shown_and_released(client):
    free = {"name": "a.b_c-1", "holder": None, "token": 0, "expires_at": None}
    assert client.get("/api/lock/a.b_c-1").json == free
    made = client.post("/api/lock/a.b_c-1", json=ADA)
    assert (made.status_code, made.json["token"], made.json["holder"]) == (201, 1, "ada")
    assert made.json["expires_at"].endswith("Z")
    longer = client.put("/api/lock/a.b_c-1", json={"token": 1, "ttl": 600})
    assert (longer.status_code, longer.json["token"]) == (200, 1)
    assert longer.json["expires_at"] > made.json["expires_at"]
    assert client.get("/api/lock/a.b_c-1").json == longer.json
    released = client.delete("/api/lock/a.b_c-1?token=1")
    assert (released.status_code, released.data) == (204, b"")
    assert client.get("/api/lock/a.b_c-1").json == free | {"token": 1}


def test_what_another_holds_is_refused_with_409(client):
    until = client.post("/api/lock/a", json=ADA).json["expires_at"]
    taken = client.post("/api/lock/a", json={"holder": "bob", "ttl": 1})
    assert (taken.status_code, taken.json["message"]) == (
        409,
        f"lock a: is held by 'ada' until {until}",
    )
    for answer in (
        client.put("/api/lock/a", json={"token": 2, "ttl": 60}),
        client.delete("/api/lock/a?token=2"),
    ):
        assert (answer.status_code, answer.json["message"]) == (
            409,
            "lock a: is not held under token 2",
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "a", {"holder": "ada", "ttl": 0.5}, "ttl"),
        ("POST", "a", {"holder": "ada", "ttl": 3601}, "ttl"),
        ("POST", "a", {"holder": "ada", "ttl": "60"}, "ttl"),
        ("POST", "a", {"holder": "", "ttl": 60}, "holder"),
        ("POST", "a", {"holder": 256 * "x", "ttl": 60}, "holder"),
        ("POST", "a", {"holder": "ada", "ttl": 60, "token": 1}, "token"),
        ("POST", 65 * "x", ADA, "name"),
        ("POST", "a b", ADA, "name"),
        ("PUT", "a", {"token": -1, "ttl": 60}, "token"),
        ("PUT", "a", {"token": True, "ttl": 60}, "token"),
        ("PUT", "a", {"ttl": 60}, "token"),
        ("DELETE", "a?token=2.5", None, "token"),
        ("DELETE", "a", None, "token"),
        ("GET", "a?wait=31", None, "wait"),
        ("GET", "a?token=1", None, "'token'"),
    ],
)
def test_bad_input_is_refused_with_the_name_of_the_field(client, method, path, body, field):
    answer = client.open(f"/api/lock/{path}", method=method, json=body)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(f"{field}: ")


def test_a_wait_ends_when_the_lock_is_released(app, api_url, client):
    locks = app.extensions[KEY].locks
    locks.open()
    client.post("/api/lock/a", json=ADA)
    found = []
    waiting = threading.Thread(
        target=lambda: found.append(Client(api_url).wait_until_free("a", 30))
    )
    waiting.start()
    client.delete("/api/lock/a?token=1")
    # Earlier than without the release.
    waiting.join(20)
    assert found == [True]
    locks.close()


def test_a_wait_is_over_after_its_time(app, client):
    locks = app.extensions[KEY].locks
    locks.open()
    client.post("/api/lock/a", json=ADA)
    assert client.get("/api/lock/a?wait=0.01").json["holder"] == "ada"
    locks.close()


@pytest.mark.parametrize(("path", "one_or_all"), [("fractal", 1), ("fractals", [1])])
def test_a_post_under_a_lock_is_refused_once_that_is_lost(client, path, one_or_all):
    body = FRACTAL if one_or_all == 1 else [FRACTAL]
    client.post("/api/lock/generator", json=ADA)

    def post():
        header = {"Faafo-Lock": "generator=1"}
        return client.post(f"/api/{path}", json=body, headers=header)

    assert post().status_code == 201
    client.delete("/api/lock/generator?token=1")
    refused = post()
    assert (refused.status_code, refused.json["message"]) == (
        412,
        "lock generator: is not held under token 1",
    )
    assert client.get("/api/fractal").json["num_results"] == 1


@pytest.mark.parametrize(
    "text", ["", "generator", "generator=0", "generator=x", "a b=1", f"a={2**53 + 1}", "=1"]
)
def test_a_header_that_names_no_lock_is_refused(client, text):
    answer = client.post("/api/fractal", json=FRACTAL, headers={"Faafo-Lock": text})
    assert answer.status_code == 400
    assert answer.json["message"].startswith("Faafo-Lock: must be the name of a lock and a token")
