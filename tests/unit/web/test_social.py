# SPDX-License-Identifier: Apache-2.0
"""What a link to the explorer shows elsewhere: its card, made of tiles."""

import io
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.fractal.tile import SIZE, Tile, pitch
from faafo.web import card, social
from faafo.web.explorer_view import View

PREFIX = "/art/julia"
STYLE = {"cx": -0.8, "cy": 0.156, "iterations": 100}
ADDRESS = "/explore/card.jpg?cx=-0.8&cy=0.156&iterations=100"
DEEP = f"{ADDRESS}&zoom=5&re=0.3&im=-0.7"
# Red and green of a pixel of a tile are its column and its row.
POSITIONS = Image.merge(
    "RGB",
    [
        Image.linear_gradient("L").rotate(90),
        Image.linear_gradient("L"),
        Image.new("L", (SIZE, SIZE)),
    ],
)


def tile_of(picture: Image.Image, side: int) -> Tile:
    buffer = io.BytesIO()
    picture.resize((side, side)).save(buffer, "PNG", compress_level=1)
    return Tile(buffer.getvalue(), "worker", 0.01)


class Worker:
    """Stands for the tiles of an application."""

    max_iterations = 1000

    def __init__(self):
        self.views = []
        self.picture = POSITIONS
        self.fault = None
        self.made = {}

    def render(self, view):
        self.views.append(view)
        if self.fault is not None:
            raise self.fault
        if view.scale not in self.made:
            self.made[view.scale] = tile_of(self.picture, SIZE * view.scale)
        return self.made[view.scale]


@pytest.fixture
def worker(app):
    worker = Worker()
    with app.app_context():
        replace(collaborators(), tiles=worker).install(app)
    return worker


def grid(app, **place):
    with app.app_context():
        return social.grid_of(social.card_view(View(**{**STYLE, **place})))


def picture(answer) -> Image.Image:
    return Image.open(io.BytesIO(answer.data))


def address_of(page: str) -> str:
    return re.search(r'property="og:image" content="([^"]*)"', page)[1].replace("&amp;", "&")


def test_a_link_to_the_explorer_shows_the_card_of_its_view(visitor, worker):
    query = "zoom=5&re=0.3&im=-0.7&palette=dawn&samples=1&automatic=1&mzoom=7"
    page = visitor.get(
        f"/explore?cx=-0.8&cy=0.156&iterations=100&{query}",
        environ_overrides={"SCRIPT_NAME": PREFIX},
    ).text
    parts = urlsplit(address_of(page))
    place = (parts.scheme, parts.netloc, parts.path)
    assert place == ("http", "localhost", f"{PREFIX}/explore/card.jpg")
    given = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert given == {"cx": "-0.8", "cy": "0.156", "iterations": "100", "palette": "dawn"} | {
        "zoom": "5",
        "re": "0.3",
        "im": "-0.7",
    }
    assert 'property="og:image:width" content="1200"' in page
    assert 'property="og:image:height" content="630"' in page
    assert 'name="twitter:card" content="summary_large_image"' in page


def test_a_card_has_the_size_that_networks_show_and_may_be_kept(visitor, worker):
    answer = visitor.get(DEEP)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert picture(answer).size == (1200, 630)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert 9 <= len(worker.views) <= 24
    assert {(view.z, view.scale, view.iterations) for view in worker.views} == {(5, 1, 100)}
    asked = len(worker.views)
    again = visitor.get(DEEP, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert visitor.get(DEEP).data == answer.data
    assert len(worker.views) == asked
    other = visitor.get(DEEP.replace("0.3", "0.31"))
    assert other.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize(("zoom", "scale"), [(5, 1), (5, 2), (3, 1)])
def test_the_middle_of_a_card_is_the_middle_of_the_view(app, worker, zoom, scale):
    place = {"re": 0.3, "im": -0.7}
    view = View(**STYLE, zoom=zoom, **place)
    with app.app_context():
        box = social._grid(view, zoom + 1 - scale, scale)
        image = card.compose(worker.render, view, box)
    column, row = (round((place[name] + 2) / pitch(zoom)) for name in ("re", "im"))
    side = SIZE * scale
    expected = POSITIONS.resize((side, side)).getpixel((column % side, row % side))
    assert image.getpixel((600, 315)) == expected
    # The pixel at the left edge of a tile is that of the next one.
    edge = 600 + side - column % side
    red = [image.getpixel((x, 315))[0] for x in (edge - 1, edge)]
    assert red == [POSITIONS.getpixel((x, 0))[0] for x in (SIZE - 1, 0)]


def test_of_tiles_with_the_same_pixels_the_cheapest_are_taken(app, worker):
    # All of the box is in 3 x 2 tiles of twice the size, which have as many pixels as 6 x 4.
    half = pitch(5)
    at = {"zoom": 5, "re": half * 767.5, "im": half * 511.5}
    assert grid(app, **at).cost() == (24 * SIZE**2, 6)
    assert grid(app, zoom=5, re=0.0, im=0.0).scale == 1
    # Too many iterations for a tile with four times the pixels.
    assert grid(app, **at, iterations=251).scale == 1


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"zoom": 0}, social.Grid(1, 3, 0, 365, 1536, 806)),
        ({"zoom": 2, "re": 1.9, "im": -2}, social.Grid(1, 3, 0, 0, 1536, 806)),
        # The Mandelbrot set: all of the Julia set of c.
        ({"zoom": 9, "re": 0.3, "plane": "mandelbrot"}, social.Grid(1, 3, 0, 365, 1536, 806)),
        ({"zoom": 3, "re": 2, "im": 2}, social.Grid(3, 1, 848, 1418, 1200, 630)),
        # As a tile of scale 3 may have 111 iterations.
        ({"zoom": 1, "iterations": 112}, social.Grid(2, 1, 0, 243, 1024, 538)),
        ({"zoom": 42}, social.Grid(42, 1, 2**49 - 600, 2**49 - 315, 1200, 630)),
    ],
)
def test_a_card_stays_where_there_are_tiles(app, worker, place, expected):
    assert grid(app, **place) == expected


def test_a_card_of_a_whole_set_is_reduced_and_kept_only_when_its_address_says_all(visitor, worker):
    answer = visitor.get(f"{ADDRESS}&zoom=1&plane=mandelbrot")
    assert picture(answer).size == (1200, 630)
    assert len(worker.views) == 4
    first = visitor.get("/explore/card.jpg")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")


def test_a_card_of_noise_has_300_kb_at_most(visitor, worker):
    worker.picture = Image.merge("RGB", [Image.effect_noise((SIZE, SIZE), 200)] * 3)
    answer = visitor.get(DEEP)
    assert len(answer.data) <= 300_000
    assert picture(answer).size == (1200, 630)


@pytest.mark.parametrize(
    ("query", "message"), [("zoom=43", "zoom: "), ("re=3", "re: "), ("cx=x", "cx: ")]
)
def test_a_card_of_no_view_is_refused(visitor, worker, query, message):
    answer = visitor.get(f"/explore/card.jpg?{query}")
    assert answer.status_code == 400
    assert message in answer.text
    assert worker.views == []


def test_another_site_gets_no_card_rendered(visitor, worker):
    assert visitor.get(DEEP, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert worker.views == []


@pytest.mark.parametrize("fault", [errors.TileUnavailable, errors.TilesBusy])
def test_a_card_without_a_worker_is_refused_for_now_after_one_attempt(visitor, worker, fault):
    worker.fault = fault("no worker answers")
    answer = visitor.get(DEEP)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert len(worker.views) == 1
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    worker.fault = None
    assert visitor.get(DEEP).status_code == 200


def test_tiles_that_take_too_long_or_are_none_make_no_card(visitor, worker, monkeypatch):
    worker.made[1] = Tile(b"\x89PNG", "worker", 0.0)
    assert visitor.get(DEEP).status_code == 503
    worker.made[1] = tile_of(POSITIONS, 1)
    assert visitor.get(DEEP).status_code == 503
    worker.made.clear()
    monkeypatch.setattr(card, "LONGEST_SECONDS", 0.0)
    assert visitor.get(DEEP).status_code == 503
    assert len(worker.views) == 2
