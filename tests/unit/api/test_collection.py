# SPDX-License-Identifier: Apache-2.0
"""The resource ``collection``, by a user who sees all projects: nobody logs in."""

import pytest

from faafo.db import db, fractals

UNKNOWN = "12345678-9abc-4def-8123-456789abcdef"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def add(app, make_task):
    def add():
        with app.app_context():
            return fractals.add(db.session, make_task()).uuid

    return add


def make(client, **body):
    answer = client.post("/api/collection", json={"name": "Dendrites", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/collection/{answer.json['uuid']}"
    return answer.json


def inside(client, uuid):
    page = client.get(f"/api/fractal?collection={uuid}").json
    assert page["num_results"] == len(page["objects"])
    return [one["uuid"] for one in page["objects"]]


def test_mine_leads_to_the_favourites(client):
    answer = client.get("/api/collection/mine")
    assert answer.status_code == 307
    record = client.get(answer.headers["Location"]).json
    assert (record["name"], record["reserved"], record["fractals"]) == ("Favourites", True, 0)
    assert client.get("/api/collection").json == {"collections": [record]}
    assert client.get("/v1/collection/mine").headers["Location"].startswith("/v1/collection/")


def test_fractals_are_added_listed_and_removed(client, add):
    collection, first, second = make(client), add(), add()
    address = f"/api/collection/{collection['uuid']}"
    for uuid in (first, second, second):
        assert client.put(f"{address}/fractal/{uuid}").status_code == 204
    assert inside(client, collection["uuid"]) == [second, first]
    assert client.get(address).json["fractals"] == 2
    assert [client.delete(f"{address}/fractal/{first}").status_code for _ in range(2)] == [204, 404]
    assert inside(client, collection["uuid"]) == [second]
    assert client.delete(f"/api/fractal/{second}").status_code == 204
    assert inside(client, collection["uuid"]) == []


def test_a_list_of_a_collection_is_paged_and_searched(client, add):
    uuid = make(client)["uuid"]
    for one in [add() for _ in range(3)]:
        client.put(f"/api/collection/{uuid}/fractal/{one}")
    page = client.get(f"/api/fractal?collection={uuid}&results_per_page=2")
    assert (page.json["num_results"], page.json["total_pages"]) == (3, 2)
    assert f"collection={uuid}" in page.headers["Link"]
    rest = client.get(page.headers["Link"].split(">")[0].lstrip("<"))
    assert len(rest.json["objects"]) == 1
    q = '{"filters": [{"name": "width", "op": ">", "val": 100}]}'
    assert (
        client.get("/api/fractal", query_string={"collection": uuid, "q": q}).json["objects"] == []
    )


def test_a_collection_is_changed_and_deleted(client):
    address = f"/api/collection/{make(client)['uuid']}"
    changed = client.patch(address, json={"name": "Dust", "shared": True}).json
    assert (changed["name"], changed["shared"]) == ("Dust", True)
    assert client.patch(address, json={}).json == changed
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "begin"),
    [
        ({}, "name: is missing"),
        ({"name": "\t"}, "name: must be 1 to 255 characters"),
        ({"name": "\ud800"}, "name: must be 1 to 255 characters"),
        ({"name": 256 * "x"}, "name: must be 1 to 255 characters"),
        ({"name": 3}, "name:"),
        ({"name": "a", "shared": "yes"}, "shared:"),
        ({"name": "a", "uuid": UNKNOWN}, "uuid: is not a field"),
    ],
)
def test_a_bad_body_is_refused_with_the_field(client, body, begin):
    answer = client.post("/api/collection", json=body)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(begin)


def test_what_there_is_not_is_not_found(client, add):
    uuid = make(client)["uuid"]
    for method, path in (
        ("GET", f"/api/collection/{UNKNOWN}"),
        ("PATCH", f"/api/collection/{UNKNOWN}"),
        ("PUT", f"/api/collection/{UNKNOWN}/fractal/{add()}"),
        ("PUT", f"/api/collection/{uuid}/fractal/{UNKNOWN}"),
        ("GET", f"/api/fractal?collection={UNKNOWN}"),
    ):
        body = {"json": {}} if method == "PATCH" else {}
        assert client.open(path, method=method, **body).status_code == 404


def test_favourites_stay_what_they_are(client):
    address = client.get("/api/collection/mine").headers["Location"]
    assert client.patch(address, json={"name": "Mine"}).status_code == 409
    assert client.delete(address).status_code == 409
    assert client.patch(address, json={"shared": True}).json["shared"] is True


def test_a_collection_is_no_scope(client):
    answer = client.get(f"/api/fractal?collection={make(client)['uuid']}&scope=shared")
    assert (answer.status_code, answer.json["message"]) == (
        400,
        "scope: cannot be combined with collection",
    )
