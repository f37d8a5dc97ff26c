# SPDX-License-Identifier: Apache-2.0
"""GET /tile: what is answered to which address, and what is not rendered twice."""

from dataclasses import replace

import pytest

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.fractal.tile import Tile

STYLE = {"cx": "-0.8", "cy": "0.156", "iterations": "100", "palette": "ember"}


class Worker:
    """Stands for the tiles of an application."""

    max_iterations = 100

    def __init__(self):
        self.views = []
        self.fault = None

    def render(self, view):
        self.views.append(view)
        if self.fault is not None:
            raise self.fault
        return Tile(b"\x89PNG", 'an "odd"\r\nname', 0.0123)


@pytest.fixture
def worker(app):
    worker = Worker()
    with app.app_context():
        replace(collaborators(), tiles=worker).install(app)
    return worker


@pytest.fixture
def get(app, worker):
    client = app.test_client()

    def ask(place="1/0/1", headers=None, **style):
        return client.get(f"/tile/{place}.png", query_string={**STYLE, **style}, headers=headers)

    return ask


def test_a_tile_may_be_kept_for_good(get, worker):
    answer = get()
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", b"\x89PNG")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Server-Timing"] == 'render;dur=12.3;desc="an ?odd???name"'
    (view,) = worker.views
    assert answer.headers["ETag"] == f'"{view.fingerprint()}"'
    assert (view.z, view.x, view.y, view.cx, view.palette) == (1, 0, 1, -0.8, "ember")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_browser_gets_a_tile_for_this_site_and_for_a_typed_address(get, site):
    assert get(headers={"Sec-Fetch-Site": site}).status_code == 200


def test_another_site_gets_no_tile_rendered(get, worker):
    assert get(headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert worker.views == []


def test_who_has_a_tile_already_costs_no_render(get, worker):
    kept = get().headers["ETag"]
    worker.views.clear()
    answer = get(headers={"If-None-Match": kept}, cx="-0.80")
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == kept
    assert "immutable" in answer.headers["Cache-Control"]
    assert worker.views == []
    assert get(headers={"If-None-Match": kept}, cx="-0.81").status_code == 200


def test_a_tile_for_a_dense_screen_has_a_scale_and_an_etag_of_its_own(get, worker):
    tags = [get(scale=scale).headers["ETag"] for scale in ("1", "2", "3")]
    assert [view.scale for view in worker.views] == [1, 2, 3]
    assert len(set(tags)) == 3
    assert get().headers["ETag"] == tags[0]


def test_a_tile_of_values_is_packed_and_has_an_etag_of_its_own(get, worker):
    answer = get(output="values")
    assert (answer.mimetype, answer.data) == ("application/octet-stream", b"\x89PNG")
    assert answer.headers["Content-Encoding"] == "deflate"
    assert "immutable" in answer.headers["Cache-Control"]
    plain = get()
    assert "Content-Encoding" not in plain.headers
    assert answer.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize(
    ("place", "style", "message"),
    [
        ("43/0/0", {}, "z: must be an integer from 0 to 42, not '43'"),
        ("1/2/0", {}, "x: must be an integer from 0 to 1 at z = 1, not 2"),
        ("1/0/-1", {}, "y: must be an integer from 0 to 4398046511103, not '-1'"),
        ("1/0/1", {"cx": "inf"}, "cx: must be a finite number from -1000000 to 1000000, not 'inf'"),
        ("1/0/1", {"iterations": "1e3"}, "iterations: must be an integer from 1 to 2147483647"),
        ("1/0/1", {"palette": ""}, "palette: must be one of original, "),
        ("1/0/1", {"cy": None}, "cy: is missing"),
        ("1/0/1", {"scale": "4"}, "scale: must be an integer from 1 to 3, not '4'"),
        ("1/0/1", {"output": "jpeg"}, "output: must be one of png, values"),
        (
            "1/0/1",
            {"output": "values", "samples": "2"},
            "samples: must be 1 with output = values, not 2",
        ),
        ("42/0/0", {"scale": "2"}, "scale: must be an integer from 1 to 1 at z = 42, not 2"),
    ],
)
def test_what_is_no_tile_is_refused_with_field_value_and_bound(get, worker, place, style, message):
    answer = get(place, **style)
    assert answer.status_code == 400
    assert answer.json["message"].startswith(message)
    assert worker.views == []


@pytest.mark.parametrize("fault", [errors.TilesBusy("6 tiles"), errors.TileUnavailable("late")])
def test_what_can_be_had_later_is_503_with_a_time(get, worker, fault, caplog):
    worker.fault = fault
    answer = get()
    assert answer.status_code == 503
    assert answer.json["message"] == str(fault)
    assert int(answer.headers["Retry-After"]) > 0
    assert "Cache-Control" not in answer.headers
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
