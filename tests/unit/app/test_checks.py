# SPDX-License-Identifier: Apache-2.0
"""What is refused before a view is called."""

import gzip
import json

import pytest

from faafo.app.checks import API
from faafo.db import claims, db, fractals, outcomes
from faafo.fractal.lease import Lease
from tests.functional.processes import SMALL_FRACTAL
from tests.unit.web.conftest import POLICY

UUID = "12345678-9abc-4def-8123-456789abcdef"
TILE = "/tile/0/0/0.png?cx=0&cy=0&iterations=9"
LISTS = (
    "known are q, page, results_per_page, marker, collection, scope, children; q filters by the "
    "fields of a record"
)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def failed(app, make_task):
    """Adds a fractal of status error and returns its uuid."""

    def add() -> str:
        with app.app_context():
            uuid = fractals.add(db.session, make_task()).uuid
            claims.claim(db.session, "me", 1, 600.0, POLICY)
            outcomes.fail(db.session, Lease(uuid, 1), "the disk is full", POLICY)
            return uuid

    return add


def refused(answer, status: int) -> str:
    assert answer.status_code == status, answer.text
    return answer.json["message"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/api/fractal?status=complete", f"'status': is no parameter here; {LISTS}"),
        ("/api/fractal?limit=1", f"'limit': is no parameter here; {LISTS}"),
        ("/api/fractal?Q=1", f"'Q': is no parameter here; {LISTS}"),
        ("/api/fractal?page=1&x", f"'x': is no parameter here; {LISTS}"),
        ("/api/fractal?page=1&page=2", "page: is given 2 times; give it once"),
        (f"/api/fractal/{UUID}?fields=uuid", "'fields': is no parameter here; there are none"),
        (f"/api/fractal/{UUID}/image?size=9", "'size': is no parameter here; there are none"),
        (f"{TILE}&zoom=1", "'zoom': is no parameter here; known are cx, cy, iterations, palette"),
        ("/healthcheck?t=1", "'t': is no parameter here; there are none"),
        ("/healthcheck/store?t=1", "'t': is no parameter here; there are none"),
    ],
)
def test_a_parameter_that_would_be_ignored_is_refused(client, path, sentence):
    assert refused(client.get(path), 400).startswith(sentence)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_takes_no_parameters(client, method):
    answer = client.open(f"/api/fractal/{UUID}?force=1", method=method, json={})
    assert "'force': is no parameter here" in refused(answer, 400)


@pytest.mark.parametrize("name", ["x" * 9999, "\n", "\x00", "\U0001f41f"])
def test_the_name_of_a_parameter_cannot_spoil_the_answer(client, name):
    message = refused(client.get("/api/fractal", query_string={name: "1"}), 400)
    assert len(message) < 300
    assert message.isprintable()


def test_every_route_of_the_api_is_checked(app):
    ours = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert {endpoint.partition(".")[0] for endpoint in ours} <= API


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/fractal"), ("POST", "/api/claim"), ("PUT", "/api/claim"),
     ("PUT", f"/api/fractal/{UUID}"), ("PUT", f"/api/fractal/{UUID}/image"), ("POST", "/new")],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_415_and_says_what_to_send(client, method, path, encoding):
    body = gzip.compress(json.dumps(SMALL_FRACTAL).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    message = refused(client.open(path, method=method, data=body, headers=headers), 415)
    assert message.startswith("the body: Content-Encoding must be identity, not ")
    assert encoding in message


def test_a_compressed_body_without_a_word_about_it_is_415(client):
    body = gzip.compress(json.dumps(SMALL_FRACTAL).encode())
    answer = client.post("/api/fractal", data=body, content_type="application/json")
    assert "is compressed with gzip; send it uncompressed" in refused(answer, 415)


def test_identity_is_no_encoding(client):
    headers = {"Content-Encoding": "identity"}
    assert client.post("/api/fractal", json=SMALL_FRACTAL, headers=headers).status_code == 201


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": "http://[x]"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_cannot_retry_a_fractal(app, client, failed, headers):
    uuid = failed()
    refused(client.post(f"/api/fractal/{uuid}/retry", headers=headers), 403)
    with app.app_context():
        assert fractals.get(db.session, uuid).status == "error"


@pytest.mark.parametrize("headers", CROSS_SITE)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/fractal"), ("POST", "/api/claim"), ("PUT", "/api/claim"),
     ("PUT", f"/api/fractal/{UUID}"), ("PATCH", f"/api/fractal/{UUID}"),
     ("DELETE", f"/api/fractal/{UUID}"), ("PUT", f"/api/fractal/{UUID}/image?attempt=1")],
)  # fmt: skip
def test_another_site_cannot_change_anything(client, method, path, headers):
    refused(client.open(path, method=method, json=SMALL_FRACTAL, headers=headers), 403)


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}]
)
def test_this_site_and_programs_can_retry(client, failed, headers):
    answer = client.post(f"/api/fractal/{failed()}/retry", headers=headers)
    assert answer.status_code == 200


COSTLY_PATHS = ["/healthcheck/store", TILE, "/api/claim?wait=0", "/v1/claim?wait=0"]


@pytest.mark.parametrize("headers", CROSS_SITE)
@pytest.mark.parametrize("path", COSTLY_PATHS)
def test_another_site_cannot_ask_for_what_writes_or_costs_much(client, path, headers):
    for method in ("GET", "HEAD"):
        assert client.open(path, method=method, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
@pytest.mark.parametrize("path", [path for path in COSTLY_PATHS if path != TILE])
def test_this_site_programs_and_typed_addresses_can_ask_for_it(client, path, headers):
    assert client.get(path, headers=headers).status_code == 200


def test_another_site_can_read(client):
    assert client.get("/api/fractal", headers=CROSS_SITE[0]).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/fractal"), ("PUT", "/api/claim")])
def test_a_body_of_many_members_is_refused_by_their_number(client, method, path):
    answer = client.open(path, method=method, json=dict.fromkeys(map(str, range(50_000))))
    assert refused(answer, 400) == "the body: has at most 100 members here, not 50000"


@pytest.mark.parametrize("body", [dict.fromkeys("x" * n for n in range(1, 90)), {"x" * 900_000: 1}])
def test_the_answer_to_what_is_not_known_is_short(client, body):
    message = refused(client.post("/api/fractal", json=body), 400)
    assert message.startswith("width: is missing; ")
    assert len(message) < 3000


def test_a_request_with_a_long_address_has_a_short_line_in_the_log(client, caplog):
    caplog.set_level("INFO", "faafo.api.access")
    client.get("/api/fractal?q=" + "x" * 100_000)
    (line,) = (one.getMessage() for one in caplog.records if one.name == "faafo.api.access")
    assert "x..." in line
    assert len(line) < 2200
