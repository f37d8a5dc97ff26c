# SPDX-License-Identifier: Apache-2.0
"""Records over HTTP: preconditions, and results of clients that know no attempts."""

from contextlib import ExitStack

import pytest

from faafo.core.collaborators import KEY
from faafo.db import claims, db, fractals
from tests.functional.processes import SMALL_FRACTAL
from tests.unit.web.conftest import POLICY

# The answer of the first faafo's script to its task: 37 digits.
ORIGINAL = {"checksum": "c6fef4ef13a577066c2281b53c82ce2c7e94e", "duration": 10.12}


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def path(client):
    return client.post("/api/fractal", json=SMALL_FRACTAL).location


@pytest.fixture
def claim(app):
    """Claims the fractal, which changes it."""

    def change() -> None:
        with app.app_context():
            assert claims.claim(db.session, "me", 1, 600.0, POLICY)

    return change


def etag_of(client, path) -> str:
    return client.get(path).headers["ETag"]


def test_a_client_that_has_the_record_gets_304_until_it_changes(client, path, claim):
    headers = {"If-None-Match": etag_of(client, path)}
    assert client.get(path, headers=headers).status_code == 304
    claim()
    assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(("method", "body"), [("DELETE", None), ("PUT", {}), ("PATCH", {})])
def test_a_change_needs_the_record_that_the_client_has_seen(client, path, claim, method, body):
    headers = {"If-Match": etag_of(client, path)}
    claim()
    answer = client.open(path, method=method, json=body, headers=headers)
    assert answer.status_code == 412
    assert answer.json["message"] == "If-Match: the fractal has changed; get it again"
    assert client.get(path).status_code == 200
    headers = {"If-Match": f'"other", {etag_of(client, path)}'}
    assert client.open(path, method=method, json=body, headers=headers).status_code in (200, 204)


@pytest.mark.parametrize("tag", ['"other"', "other", 'W/"other"', ""])
@pytest.mark.parametrize(("method", "end"), [("DELETE", ""), ("PUT", ""), ("POST", "/retry")])
def test_a_tag_of_something_else_changes_nothing(client, path, method, end, tag):
    before = client.get(path).json
    answer = client.open(path + end, method=method, json={}, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert client.get(path).json == before


def test_a_weak_tag_does_not_match(client, path):
    headers = {"If-Match": f"W/{etag_of(client, path)}"}
    assert client.delete(path, headers=headers).status_code == 412


def test_any_tag_matches_what_exists(client, path):
    assert client.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert client.delete(path, headers={"If-Match": "*"}).status_code == 404


def test_a_fractal_that_changes_at_the_last_moment_is_not_deleted(app, client, path, claim):
    with app.app_context():
        uuid = path.rpartition("/")[2]
        seen = fractals.get(db.session, uuid)
        db.session.expunge_all()
        claim()
        assert not fractals.remove(db.session, uuid, seen)
        assert fractals.remove(db.session, uuid, fractals.get(db.session, uuid))


@pytest.mark.parametrize("checksum", [ORIGINAL["checksum"], "0", "ABCDEF", "f" * 64])
def test_a_result_without_an_attempt_has_any_checksum(client, path, checksum):
    answer = client.put(path, json={**ORIGINAL, "checksum": checksum})
    assert answer.status_code == 200, answer.text
    record = client.get(path).json
    assert (record["status"], record["checksum"]) == ("complete", checksum.lower())
    assert client.get(f"{path}/image").status_code == 404
    assert client.put(path, json=record).status_code == 200
    assert client.get("/").status_code == 200
    assert client.get(path.removeprefix("/api")).status_code == 200


@pytest.mark.parametrize("checksum", ["", "g", "0x0", "0" * 65, "\uff11", "0 "])
def test_a_checksum_is_hexadecimal(client, path, checksum):
    answer = client.put(path, json={**ORIGINAL, "checksum": checksum})
    assert answer.status_code == 400
    assert answer.json["message"].startswith("checksum: ")


def test_a_result_of_an_attempt_has_a_whole_checksum(client, path, claim):
    claim()
    answer = client.put(path, json={**ORIGINAL, "attempt": 1})
    assert answer.status_code == 400
    assert "checksum: must have 64 hexadecimal digits" in answer.json["message"]
    answer = client.put(path, json={**ORIGINAL, "attempt": 1, "checksum": "f" * 64})
    assert answer.status_code == 200


def test_an_image_with_any_checksum_is_sent(client, path, store):
    client.put(path, json=ORIGINAL)
    store.save(path.rpartition("/")[2], b"picture")
    answer = client.get(f"{path}/image", buffered=True)
    assert (answer.status_code, answer.data) == (200, b"picture")
    assert answer.headers["ETag"] == f'"{ORIGINAL["checksum"]}"'
    assert "Repr-Digest" not in answer.headers


@pytest.mark.parametrize("query", [{"q": "{}"}, {"q": "not JSON"}, {"page": "2"}])
def test_a_search_that_finds_no_place_costs_nothing(app, client, query):
    searches = app.extensions[KEY].bulkheads.searches
    with ExitStack() as places:
        for _ in range(searches.places):
            places.enter_context(searches.place())
        answer = client.get("/api/fractal", query_string=query)
        assert answer.status_code == 503
        assert "too many searches" in answer.json["message"]
        assert client.get("/api/fractal").status_code == 200
        assert client.get("/").status_code == 200
    assert client.get("/api/fractal", query_string=query).status_code in (200, 400)
