# SPDX-License-Identifier: Apache-2.0
"""Kinds and labels over HTTP: bounds, records, searches, and what a claim serves."""

import json

import pytest

from faafo.client import Client
from tests.functional.processes import SMALL_FRACTAL

BIG = SMALL_FRACTAL | {"label": "bigmem"}
CLAIM = {"claimed_by": "me", "count": 9, "lease": 60}


@pytest.fixture
def http(app):
    return app.test_client()


@pytest.mark.parametrize("label", ["", "a" * 65, "big mem", "ü", 7, ["a"]])
def test_a_label_that_is_none_is_named_with_its_bounds(http, label):
    answer = http.post("/api/fractal", json=SMALL_FRACTAL | {"label": label})
    assert answer.status_code == 400
    assert answer.json["message"].startswith(
        "label: must be 1 to 64 letters of ASCII, digits, dots, underscores or hyphens, not "
        f"{label!r:.60}"
    )


def test_the_record_has_kind_and_label_and_searches_find_them(http):
    posted = http.post("/api/fractal", json=BIG).json
    assert (posted["kind"], posted["label"]) == ("render", "bigmem")
    assert http.put(f"/api/fractal/{posted['uuid']}", json=posted).status_code == 200
    many = http.post("/api/fractals", json=[BIG, SMALL_FRACTAL]).json["objects"]
    assert [one["label"] for one in many] == ["bigmem", None]
    poster = http.post("/api/fractal", json=BIG | {"split": 2}).json
    assert (poster["kind"], poster["label"]) == ("join", "bigmem")
    for name, val, count in (("label", "bigmem", 3), ("kind", "join", 1), ("kind", "film", 0)):
        q = json.dumps({"filters": [{"name": name, "op": "==", "val": val}]})
        assert http.get("/api/fractal", query_string={"q": q}).json["num_results"] == count


def test_the_client_posts_and_reads_a_label(api_url):
    with Client(api_url) as client:
        posted = client.create(label="bigmem")
    assert (posted.kind, posted.label) == ("render", "bigmem")


def test_a_claim_gets_what_it_serves(http):
    uuid = http.post("/api/fractal", json=BIG).json["uuid"]
    assert http.get("/api/claim").json == {"claimable": False}
    assert http.post("/api/claim", json=CLAIM).json == {"objects": []}
    assert http.get("/api/claim?serves=join,render:bigmem").json == {"claimable": True}
    served = {"serves": ["join", "render:bigmem", "join"]}
    (claimed,) = http.post("/api/claim", json=CLAIM | served).json["objects"]
    assert (claimed["uuid"], claimed["label"]) == (uuid, "bigmem")


@pytest.mark.parametrize("serves", [[], ["paint"], ["render:"], "render", ["film"] * 101])
def test_a_claim_of_what_there_is_not_is_refused(http, serves):
    answer = http.post("/api/claim", json=CLAIM | {"serves": serves})
    assert (answer.status_code, "serves" in answer.json["message"]) == (400, True)
    assert http.get("/api/claim?serves=paint").status_code == 400
