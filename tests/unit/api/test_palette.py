# SPDX-License-Identifier: Apache-2.0
"""The palette of a record."""

import pytest

from faafo.fractal.palette import NAMES

FRACTAL = {"width": 4, "height": 3, "iterations": 20, "xa": -1, "xb": 1, "ya": -1, "yb": 1}


@pytest.fixture
def client(app):
    return app.test_client()


def test_a_fractal_without_one_has_the_original_palette(client):
    assert client.post("/api/fractal", json=FRACTAL).json["palette"] == "original"


@pytest.mark.parametrize("name", NAMES)
def test_a_palette_is_kept_and_claimed_with_the_fractal(client, name):
    posted = client.post("/api/fractal", json={**FRACTAL, "palette": name}).json
    assert client.get(f"/api/fractal/{posted['uuid']}").json["palette"] == name
    claim = {"claimed_by": "p", "count": 1, "lease": 10, "parameter_version": 2}
    assert client.post("/api/claim", json=claim).json["objects"][0]["palette"] == name


@pytest.mark.parametrize("value", ["Original", "", None, 5, ["ember"], "x" * 100])
def test_what_is_no_palette_is_refused_with_the_names_of_all(client, value):
    answer = client.post("/api/fractal", json={**FRACTAL, "palette": value})
    assert answer.status_code == 400
    names = ", ".join(NAMES)
    assert answer.json["message"].startswith(f"palette: must be one of {names}, not ")


def test_fractals_can_be_searched_by_palette(client):
    for name in ("ember", "dawn", "ember"):
        client.post("/api/fractal", json={**FRACTAL, "palette": name})
    q = '{"filters": [{"name": "palette", "op": "eq", "val": "ember"}]}'
    assert client.get("/api/fractal", query_string={"q": q}).json["num_results"] == 2


def test_the_palette_of_a_record_cannot_be_changed(client):
    posted = client.post("/api/fractal", json=FRACTAL).json
    answer = client.put(f"/api/fractal/{posted['uuid']}", json={"palette": "ember"})
    assert answer.status_code == 409
    assert answer.json["message"].startswith("palette: cannot be changed")
