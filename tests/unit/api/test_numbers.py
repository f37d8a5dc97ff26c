# SPDX-License-Identifier: Apache-2.0
"""Numbers in URLs and forms are plain decimals, not whatever Python reads as a number."""

import pytest

STRANGE = ["1_0", "\uff11", " 1", "1 ", "+1", "0x1", "1e", "", "--1", "1,0", "\u0661", "1\n", "0b1"]
UUID = "12345678-9abc-4def-8123-456789abcdef"
TILE = {"cx": "0.5", "cy": "-.5", "iterations": "9"}


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", ["cx", "cy", "iterations", "zoom", "re", "im"])
def test_the_explorer_takes_plain_numbers(client, name, value):
    answer = client.get("/explore", query_string={name: value})
    assert answer.status_code == 400
    assert f"{name}: must be " in answer.text


@pytest.mark.parametrize("value", ["0.25", "-.25", "1.", "1e-3", "-2.5E-1", "0", "1e+0"])
def test_the_explorer_takes_every_plain_number(client, value):
    assert client.get("/explore", query_string={"cx": value, "re": value}).status_code == 200


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", ["cx", "cy", "iterations", "scale"])
def test_a_tile_takes_plain_numbers(client, name, value):
    answer = client.get("/tile/0/0/0.png", query_string={**TILE, name: value})
    assert answer.status_code == 400
    assert f"{name}: must be " in answer.json["message"]


@pytest.mark.parametrize("place", ["0_0/0/0", "+0/0/0", "0/0_0/0", "0/0/0_0", "\uff10/0/0"])
def test_the_place_of_a_tile_is_plain(client, place):
    assert client.get(f"/tile/{place}.png", query_string=TILE).status_code == 400


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", ["page", "results_per_page"])
def test_a_page_is_plain(client, name, value):
    answer = client.get("/api/fractal", query_string={name: value})
    assert answer.status_code == 400
    assert f"{name}: must be a plain integer" in answer.json["message"]


@pytest.mark.parametrize("value", STRANGE)
def test_an_attempt_is_plain(client, value):
    headers = {"Content-Type": "image/png", "Content-Digest": "sha-256=:x:"}
    path = f"/api/fractal/{UUID}/image"
    answer = client.put(path, query_string={"attempt": value}, data=b"x", headers=headers)
    assert answer.status_code == 400
    assert "attempt: must be a plain integer" in answer.json["message"]


# The form strips spaces.
@pytest.mark.parametrize("value", ["1_0", "\uff11", "+1", "0x1", "1e", "--1", "1,0", "inf", "nan"])
@pytest.mark.parametrize("name", ["width", "cx", "xa"])
def test_the_form_takes_plain_numbers(client, name, value):
    fields = {"width": "9", "height": "9", "iterations": "9", "xa": "-1", "xb": "1", "ya": "-1"}
    answer = client.post("/new", data={**fields, "yb": "1", "cx": "0", "cy": "0", name: value})
    assert answer.status_code == 400
    assert f"{name}: must be " in answer.text


def test_the_form_takes_a_number_with_an_exponent(client):
    fields = {"width": "9", "height": "9.0", "iterations": " 9 ", "xa": "-1e0", "xb": "1."}
    answer = client.post("/new", data={**fields, "ya": "-.5", "yb": "5E-1"})
    assert answer.status_code == 303
