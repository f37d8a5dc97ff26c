# SPDX-License-Identifier: Apache-2.0
"""The version document, and the API below ``/v1``."""

import pytest
from werkzeug.routing import Map

DOCUMENT = {
    "id": "v1.0",
    "status": "CURRENT",
    "links": [{"rel": "self", "href": "http://localhost/v1/"}],
}
JSON = {"Accept": "application/json"}
FRACTAL = {"width": 4, "height": 3, "iterations": 20, "xa": -1.5, "xb": 1.5, "ya": -1.0, "yb": 1.0}


@pytest.mark.parametrize("path", ["/v1", "/v1/"])
def test_the_version_has_a_document(app, path):
    assert app.test_client().get(path).json == {"version": DOCUMENT}


def test_the_root_lists_the_versions_for_clients_that_prefer_json(app):
    answer = app.test_client().get("/", headers=JSON)
    assert answer.json == {"versions": [DOCUMENT]}
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/html,application/json", ""])
def test_the_root_is_the_gallery_for_all_others(app, accept):
    answer = app.test_client().get("/", headers={"Accept": accept})
    assert answer.mimetype == "text/html"
    assert answer.headers["Vary"] == "Accept"


def test_the_document_names_the_path_prefix_of_the_application(app):
    answer = app.test_client().get("/v1", base_url="https://host/fractals")
    assert answer.json["version"]["links"][0]["href"] == "https://host/fractals/v1/"


def test_both_prefixes_serve_the_same_endpoints_with_the_same_methods(app):
    served: dict[str, set] = {"api": set(), "v1": set()}
    assert isinstance(app.url_map, Map)
    for rule in app.url_map.iter_rules():
        _, prefix, *rest = rule.rule.split("/")
        if prefix in served and any(rest):
            served[prefix].add(("/".join(rest), rule.endpoint, frozenset(rule.methods)))
    assert served["api"] == served["v1"]
    assert len(served["api"]) > 10


def test_a_client_of_v1_is_led_to_v1(app):
    client = app.test_client()
    posted = client.post("/v1/fractal", json=FRACTAL)
    assert posted.headers["Location"] == f"/v1/fractal/{posted.json['uuid']}"
    assert client.get(posted.headers["Location"]).json == posted.json
    prefixed = client.post("/v1/fractal", json=FRACTAL, base_url="http://host/fractals")
    assert prefixed.headers["Location"].startswith("/fractals/v1/fractal/")
    listed = client.get("/v1/fractal?results_per_page=1")
    assert listed.headers["Link"].startswith("</v1/fractal?results_per_page=1&marker=")
    assert client.post("/api/fractal", json=FRACTAL).headers["Location"].startswith("/api/")


def test_checks_and_errors_below_v1_are_those_of_the_api(app):
    client = app.test_client()
    page = {"Accept": "text/html"}
    assert client.get("/v1/fractal?nonsense=1", headers=page).status_code == 400
    assert client.get("/v1/nowhere", headers=page).mimetype == "application/json"
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/v1/fractal", json=FRACTAL, headers=foreign).status_code == 403
    assert client.post("/v1/fractal", data=b"x").status_code == 415
