# SPDX-License-Identifier: Apache-2.0
"""The resource ``quota``: limits of a project, and what it uses."""

import pytest

from faafo.fractal.numbers import MAX_SIZE

NONE = {"queued": -1, "fractals": -1, "bytes": -1, "pixels_per_day": -1}
NOTHING = dict.fromkeys(NONE, 0)


@pytest.fixture
def client(app):
    return app.test_client()


def limits(client, project="alpha"):
    return client.get(f"/api/quota/{project}").json["limits"]


def test_a_project_that_never_posted_has_the_defaults_and_uses_nothing(conf, client):
    conf.set_override("queued", 5, "quota")
    assert client.get("/api/quota/any project").json == {
        "project_id": "any project",
        "limits": NONE | {"queued": 5},
        "usage": NOTHING,
    }


def test_limits_are_set_one_by_one_and_unset_by_null(client):
    answer = client.put("/api/quota/alpha", json={"queued": 3, "bytes": 0})
    assert answer.json["limits"] == NONE | {"queued": 3, "bytes": 0}
    client.put("/api/quota/alpha", json={"fractals": MAX_SIZE, "queued": None})
    assert limits(client) == NONE | {"fractals": MAX_SIZE, "bytes": 0}
    assert client.put("/api/quota/alpha", json={}).status_code == 200
    assert limits(client) == NONE | {"fractals": MAX_SIZE, "bytes": 0}
    assert limits(client, "ALPHA") == NONE


def test_delete_makes_every_limit_the_default_and_can_be_repeated(client):
    client.put("/api/quota/alpha", json={"queued": 3})
    assert [client.delete("/api/quota/alpha").status_code for _ in range(2)] == [204, 204]
    assert limits(client) == NONE


@pytest.mark.parametrize("value", [-2, 10**20, "3", 1.5, True, [3]])
def test_a_limit_that_is_none_is_refused_with_its_name_value_and_bound(client, value):
    answer = client.put("/api/quota/alpha", json={"queued": value})
    assert answer.status_code == 400
    assert answer.json["message"].startswith("queued: must be an integer from -1 to")
    assert repr(value) in answer.json["message"]
    assert limits(client) == NONE


def test_what_is_no_resource_is_refused(client):
    answer = client.put("/api/quota/alpha", json={"pixels": 3})
    assert (answer.status_code, answer.json["message"][:7]) == (400, "pixels:")


def test_the_id_of_a_project_has_64_characters_at_most(client):
    assert client.get("/api/quota/" + 64 * "x").status_code == 200
    assert client.get("/api/quota/" + 65 * "x").status_code == 400
