# SPDX-License-Identifier: Apache-2.0
"""The explorer as the server makes it."""

import base64
import html
import math
import re
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from faafo.db import db, fractals
from faafo.fractal import palette as palettes
from faafo.fractal.constants import CONSTANTS
from faafo.fractal.tile import MAX_ZOOM, parse_view, pitch
from faafo.web import explore
from faafo.web.explorer_choices import KEYS

STATIC = Path(explore.__file__).parent / "static" / "explore"
GUIDE = Path(__file__).parents[3] / "doc" / "source" / "user" / "explorer.rst"


def addresses(page: str, attribute: str, prefix: str) -> list[str]:
    found = re.findall(rf'{attribute}="({re.escape(prefix)}[^"]*)"', page)
    return [html.unescape(one) for one in found]


def view_of_tile(address: str):
    path, _, query = address.partition("?")
    z, x, y = path.removeprefix("/tile/").removesuffix(".png").split("/")
    style = MultiDict(pair.split("=") for pair in query.split("&")).to_dict()
    return parse_view({"z": z, "x": x, "y": y, **style})


def test_the_page_has_every_named_constant_with_a_thumbnail_and_a_link(visitor):
    page = visitor.get("/explore").text
    for one in CONSTANTS:
        assert one.name in page
    shown = [view_of_tile(one) for one in addresses(page, "src", "/tile/0/0/0.png")]
    assert {(view.cx, view.cy) for view in shown} >= {(one.cx, one.cy) for one in CONSTANTS}


def test_links_and_pictures_lead_where_a_view_can_be_shown(visitor):
    page = visitor.get("/explore?zoom=3&re=-2&im=2&cx=0.3&cy=-0.5&palette=dawn").text
    pictures = [view_of_tile(one) for one in addresses(page, "src", "/tile/3/")]
    assert [(view.x, view.y) for view in pictures] == [(0, 6), (1, 6), (0, 7), (1, 7)]
    assert {(view.cx, view.cy, view.palette) for view in pictures} == {(0.3, -0.5, "dawn")}
    links = addresses(page, "href", "/explore?")
    assert len(links) == 6 + len(CONSTANTS)
    for link in links:
        assert visitor.get(link).status_code == 200


@pytest.mark.parametrize("zoom", [0, 1, MAX_ZOOM])
@pytest.mark.parametrize("place", [-2, -1.99, 0, 0.3, 2])
def test_the_pictures_show_what_is_around_the_middle(visitor, zoom, place):
    page = visitor.get(f"/explore?zoom={zoom}&re={place}&im={place}").text
    pictures = [view_of_tile(one) for one in addresses(page, "src", f"/tile/{zoom}/")]
    tasks = [view.task() for view in pictures if view.cx == explore.DEFAULT_VIEW.cx]
    edge = max(task.xb for task in tasks) + pitch(zoom)
    assert min(task.xa for task in tasks) <= place <= edge


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("zoom=43", "zoom: "),
        ("re=3", "re: "),
        ("cx=x", "cx: "),
        ("palette=x", "palette: must be"),
        ("plane=x", "plane: must be one of julia, mandelbrot"),
        ("mzoom=43", "mzoom: "),
        ("formula=z5", "formula: must be"),
        ("density=0", "density: must be"),
        ("fractal=7", "fractal: must be a UUID, not"),
    ],
)
def test_a_view_that_there_is_not_is_refused(visitor, query, message):
    answer = visitor.get(f"/explore?{query}")
    assert answer.status_code == 400
    assert message in answer.text


def test_a_link_from_a_fractal_shows_its_window(app, queued):
    uuid = queued(width=1024, height=512, xa=-0.5, xb=0.5, ya=-0.25, yb=0.25, palette="grey")
    with app.test_request_context():
        fractal = fractals.get(db.session, uuid)
        address = explore.address_of_fractal(fractal)
    answer = app.test_client().get(address)
    assert answer.status_code == 200
    assert "zoom=4&re=0.0&im=0.0" in address
    assert "palette=grey" in address
    assert f"cx={fractal.cx}" in address


@pytest.mark.parametrize(
    "changes", [{"xa": 1e6, "xb": -1e6}, {"xa": 0.1, "xb": 0.1, "ya": 0, "yb": 0}]
)
def test_a_link_from_any_fractal_works(app, queued, changes):
    uuid = queued(iterations=10**6, **changes)
    with app.test_request_context():
        address = explore.address_of_fractal(fractals.get(db.session, uuid))
    assert app.test_client().get(address).status_code == 200


def test_a_link_from_a_fractal_names_it_so_that_all_of_its_window_can_be_shown(visitor, complete):
    uuid = complete(width=800, height=200, xa=-1.0, xb=0.6, ya=-1.2, yb=1.2)
    page = visitor.get("/").text
    (link,) = addresses(page, "href", "/explore?")
    page = visitor.get(link).text
    assert f"fractal={uuid}" in link
    assert 'data-width="1.6" data-height="2.4"' in page
    assert "stretched 6.02 times in width" in page


@pytest.mark.parametrize("query", ["zoom=1", "fractal=00000000-0000-4000-8000-ffffffffffff"])
def test_an_explorer_without_a_fractal_says_nothing_of_one(visitor, query):
    answer = visitor.get(f"/explore?{query}")
    assert answer.status_code == 200
    assert "data-width" not in answer.text
    assert "stretched" not in answer.text


def test_the_pictures_have_sources_for_dense_screens(visitor):
    page = visitor.get("/explore?zoom=3").text
    (first, *_) = addresses(page, "srcset", "/tile/3/")
    densities = [one.rpartition(" ") for one in first.split(", ")]
    views = {density: view_of_tile(address) for address, _, density in densities}
    assert {density: view.scale for density, view in views.items()} == {"1x": 1, "2x": 2, "3x": 3}


@pytest.mark.parametrize("query", ["zoom=42", "zoom=3&iterations=9000"])
def test_where_a_tile_has_no_scale_there_is_no_source_for_one(visitor, query):
    page = visitor.get(f"/explore?{query}").text
    for source in addresses(page, "srcset", "/tile/"):
        assert source.endswith(" 1x")


def test_leaflet_is_served_from_here(visitor):
    page = visitor.get("/explore").text
    for source in addresses(page, "src", "/web/") + addresses(page, "href", "/web/"):
        with visitor.get(source) as answer:
            assert answer.status_code == 200, source
    page = re.sub(r'<meta property="og:[^>]*>', "", page)
    assert "http://" not in page
    assert "https://" not in page


def test_modules_are_small_and_import_each_other_by_relative_paths():
    for module in STATIC.glob("*.js"):
        text = module.read_text()
        assert len(text.splitlines()) < 260, module.name
        for imported in re.findall(r'from "([^"]+)"', text):
            assert (STATIC / imported).is_file(), imported


def test_the_map_and_the_server_agree_on_the_pitch():
    assert math.log2(pitch(0)) == -6
    assert "EXTENT / TILE / 2 ** zoom" in (STATIC / "view.js").read_text()


def test_without_javascript_a_form_makes_a_fractal_of_the_view(visitor):
    page = visitor.get("/explore?zoom=5&re=0.25&im=-0.5&cx=-0.8&cy=0.156&palette=dawn").text
    address = re.search(r'href="(/new[^"]*)">Render this', page)[1].replace("&amp;", "&")
    form = visitor.get(address).text
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    answer = visitor.post("/new", data=given | {"palette": "dawn"})
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    step = (record["xb"] - record["xa"]) / (record["width"] - 1)
    assert record["xa"] + record["width"] // 2 * step == pytest.approx(0.25)
    assert record["ya"] + record["height"] // 2 * step == pytest.approx(-0.5)
    assert (record["cx"], record["cy"], record["palette"]) == (-0.8, 0.156, "dawn")


def test_an_address_with_c_means_what_it_meant_when_it_was_made(visitor):
    old = "/explore?palette=dawn&zoom=2&re=0.0&im=0.0&cx=-0.8&cy=0.156&iterations=500"
    view = view_of_tile(addresses(visitor.get(old).text, "src", "/tile/2/")[0])
    assert (view.colouring, view.iterations, view.palette) == ("bands", 500, "dawn")
    first = view_of_tile(addresses(visitor.get("/explore").text, "src", "/tile/1/")[0])
    assert (first.colouring, first.cx) == ("smooth", explore.DEFAULT_VIEW.cx)


def test_all_of_a_view_is_in_its_address(app):
    view = explore.View(
        cx=-0.8,
        cy=0.156,
        iterations=500,
        palette="dawn",
        formula="tricorn",
        colouring="smooth",
        offset=0.25,
        density=2,
        inside="#102030",
        plane="mandelbrot",
        mzoom=20,
        mre=-0.743643887037,
        mim=0.131825904206,
        automatic=1,
    )
    with app.test_request_context():
        address = view.address()
    with app.test_request_context(address):
        assert explore.requested_view() == view


def test_the_form_says_that_the_inside_has_its_own_colour_by_an_empty_text(visitor):
    page = visitor.get("/explore?cx=0&cy=0&iterations=9&inside=").text
    assert "inside" not in addresses(page, "src", "/tile/1/")[0]


def test_the_page_has_the_colours_of_each_palette(visitor):
    page = visitor.get("/explore").text
    for name in palettes.NAMES:
        text = re.search(rf'<option value="{name}" data-colours="([^"]+)"', page)[1]
        assert list(base64.b64decode(text)) == palettes.flat(name)


def test_each_key_is_in_the_help_and_in_the_documentation(visitor):
    page = html.unescape(visitor.get("/explore").text)
    table = (STATIC / "keys.js").read_text().partition("KEYS = {")[2].partition("}")[0]
    keys = re.findall(r'^ +"?([^":]+)"?: "', table, re.MULTILINE)
    listed = [name for names, _ in KEYS for name in names]
    assert set(keys) <= set(listed)
    guide = GUIDE.read_text()
    for name in listed:
        assert f"<kbd>{name}</kbd>" in page
        assert f":kbd:`{name}`" in guide
    for _, what in KEYS:
        assert what in page
