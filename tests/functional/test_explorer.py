# SPDX-License-Identifier: Apache-2.0
"""The explorer in Chromium, over tiles of a real worker through a real broker."""

import base64
import cmath
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Locator, Page, expect

from faafo.fractal.constants import CONSTANTS
from faafo.fractal.tile import MAX_ZOOM, parse_view, pitch
from faafo.render.image import render
from tests.functional.cluster import Cluster
from tests.functional.exhibition import picture, post
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import (
    PATIENCE,
    Visit,
    browser_type_launch_args,  # noqa: F401
)

VIEWPORTS = {
    "phone": {"width": 390, "height": 844},
    "desk": {"width": 1280, "height": 800},
    "wall": {"width": 1920, "height": 1080},
}
# The first named Julia set, in colours whose bytes are those of the server.
RABBIT = f"cx={CONSTANTS[0].cx}&cy={CONSTANTS[0].cy}"
# A point of it: it maps to itself, and repels what is near it.
EDGE = (1 + cmath.sqrt(1 - 4 * complex(CONSTANTS[0].cx, CONSTANTS[0].cy))) / 2
AT_EDGE = f"{RABBIT}&re={EDGE.real}&im={EDGE.imag}"
COLOUR_IN_THE_MIDDLE = """() => {
  const box = document.getElementById("plane").getBoundingClientRect();
  const [x, y] = [box.x + Math.floor(box.width / 2), box.y + Math.floor(box.height / 2)];
  const tile = [...document.querySelectorAll(".plane .leaflet-tile")].find((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return left <= x && x < right && top <= y && y < bottom;
  });
  const place = tile.getBoundingClientRect();
  return [...tile.getContext("2d").getImageData(x - place.x, y - place.y, 1, 1).data].slice(0, 3);
}"""
TILES = """() => [...document.querySelectorAll(".plane .leaflet-tile")].map((tile) => {
  const { data } = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height);
  const text = data.reduce((all, byte) => all + String.fromCharCode(byte), "");
  return [tile.dataset.address, btoa(text)];
})"""
# Notes, frame by frame, the pictures that the preview has drawn, and the least opacity in the
# middle: of the preview and all tiles there that have come, one above the other.
WATCH = """() => {
  const preview = document.querySelector(".preview");
  window.seen = new Set();
  window.leastOpacity = 1;
  const look = () => {
    const box = document.getElementById("plane").getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2 + 1, box.y + box.height / 2 + 1];
    let transparency = preview.hidden ? 1 : 0;
    window.seen.add(preview.dataset.frames);
    for (const tile of document.querySelectorAll(".plane .leaflet-tile-loaded")) {
      const { left, right, top, bottom } = tile.getBoundingClientRect();
      if (left > x || x >= right || top > y || y >= bottom) continue;
      transparency *= 1 - Number(getComputedStyle(tile).opacity);
    }
    window.leastOpacity = Math.min(window.leastOpacity, 1 - transparency);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
# Parameters that change colours only.
COLOURS = {"palette", "offset", "density", "inside"}
TIMEOUT_SECONDS = 60.0


@pytest.fixture(scope="module")
def cluster(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API and a producer that know a broker, without a worker."""
    directory = tmp_path_factory.mktemp("explorer")
    url = rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        cluster.start_api(tiles={"transport_url": url, "timeout": TIMEOUT_SECONDS})
        cluster.start_producer(patient=True)
        yield cluster


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Cluster:
    """The same with a worker that has rendered its first tile."""
    cluster.start_worker("w-1")
    return cluster


@pytest.fixture
def visit(request: pytest.FixtureRequest, cluster: Cluster, new_context) -> Iterator[Visit]:
    """A page that may not have any trouble."""
    options = getattr(request, "param", {})
    # Without animations there is nothing to wait for but the tiles.
    options = {"viewport": VIEWPORTS["desk"], "reduced_motion": "reduce", **options}
    visit = Visit(new_context(**options).new_page(), cluster.url)
    yield visit
    assert visit.troubles == []


def view_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def wait_for_tiles(page: Page) -> None:
    """Wait until no tile that is in view is missing."""
    page.wait_for_function(
        "() => { const tiles = [...document.querySelectorAll('.plane .leaflet-tile')];"
        " return tiles.length && tiles.every((t) => t.classList.contains('leaflet-tile-loaded')) }",
        timeout=PATIENCE,
    )


def assert_tiles_are_the_kernels(page: Page, side: int = 256) -> None:
    """Compare all tiles, ``side`` pixels wide, with what the kernel renders for their windows."""
    tiles = page.evaluate(TILES)
    assert len(tiles) > 4
    for address, pixels in tiles:
        path, _, query = address.partition("?")
        if not path:
            # Around the tiles of the server the browser draws itself.
            continue
        z, x, y = re.fullmatch(r"/tile/(\d+)/(\d+)/(\d+)\.png", path).groups()
        style = {name: values[0] for name, values in parse_qs(query).items()}
        assert style.pop("output") == "values"
        colours = {name: view_of(page)[name] for name in COLOURS & view_of(page).keys()}
        expected = render(parse_view({"z": z, "x": x, "y": y, **style, **colours}).task())
        assert expected.size == (side, side)
        shown = base64.b64decode(pixels)
        if "colouring" in style:
            # Colours between those of the palette come from a table.
            image = Image.frombytes("RGBA", expected.size, shown)
            difference = ImageChops.difference(image, expected.convert("RGBA"))
            assert max(ImageStat.Stat(difference).mean) < 0.5, address
        else:
            assert shown == expected.convert("RGBA").tobytes(), address


def test_one_flies_through_a_julia_set_and_comes_back_by_the_address(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}")
    wait_for_tiles(page)
    expect(page.locator("#place")).to_have_text(f"Zoom 1 of {MAX_ZOOM}")
    plane = page.locator("#plane")

    box = plane.bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 304, box["y"] + 195, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom=1&re="))
    assert float(view_of(page)["re"]) == pytest.approx(EDGE.real - 4 / 128, abs=0.02)
    for zoom in range(2, 14):
        plane.press("+")
        expect(page.locator("#place")).to_have_text(f"Zoom {zoom} of {MAX_ZOOM}")
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page)

    chooser = page.locator("#mandelbrot")
    before = view_of(page)
    chooser.click(position={"x": 120, "y": 90})
    expect(page).not_to_have_url(re.compile(f"cx={re.escape(before['cx'])}"))
    chooser.press("ArrowRight")
    page.get_by_label("Palette").select_option("lagoon")
    expect(page).to_have_url(re.compile("palette=lagoon"))
    wait_for_tiles(page)
    expect(page.locator("#workers")).to_contain_text("1 worker serves this page; a tile takes")

    assert_tiles_are_the_kernels(page)
    seen = view_of(page)
    picture = plane.screenshot()
    page.goto("about:blank")
    visit.go("/explore?" + urlencode(seen))
    wait_for_tiles(page)
    assert view_of(page) == seen
    assert same_picture(plane.screenshot(), picture)


def assert_nothing_sticks_out(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def assert_loaded(pictures: Locator) -> None:
    for number in range(pictures.count()):
        assert pictures.nth(number).evaluate("image => image.decode().then(() => true)")


def same_picture(one: bytes, other: bytes) -> bool:
    return Image.open(io.BytesIO(one)).tobytes() == Image.open(io.BytesIO(other)).tobytes()


def test_a_view_becomes_a_fractal_whose_middle_is_the_same(served, visit):
    # A place where there is a pixel of a tile, as there is wherever one comes by panning.
    re, im = (round(part / pitch(5)) * pitch(5) for part in (EDGE.real, EDGE.imag))
    page = visit.go(f"/explore?{RABBIT}&re={re}&im={im}&zoom=5&palette=dawn")
    wait_for_tiles(page)
    page.get_by_label("Size in pixels").select_option("1280x720")
    page.get_by_role("button", name="Render this").click()
    done = page.locator("#rendered")
    expect(done).to_contain_text("Complete: 1280 × 720 pixels")
    address = done.get_by_role("link").get_attribute("href")
    record = served.client.get(address.rpartition("/")[2])
    assert (record["palette"], record["iterations"]) == ("dawn", 300)
    assert (record["cx"], record["cy"]) == (CONSTANTS[0].cx, CONSTANTS[0].cy)
    middle = page.evaluate(COLOUR_IN_THE_MIDDLE)
    image = served.check_image(record).convert("RGB")
    assert image.getpixel((640, 360)) == tuple(middle)
    visit.follow(done.get_by_role("link"))
    expect(page).to_have_url(f"{served.url}{address}")


@pytest.mark.parametrize("zoom", [MAX_ZOOM - 1, MAX_ZOOM])
def test_at_the_end_of_doubles_the_page_says_so(served, visit, zoom):
    page = visit.go(f"/explore?{AT_EDGE}&zoom={zoom}&iterations=1000")
    wait_for_tiles(page)
    page.locator("#plane").press("+")
    expect(page.locator("#place")).to_have_text(
        f"Zoom {MAX_ZOOM} of {MAX_ZOOM}: the limit of double precision"
    )
    expect(page.get_by_role("button", name="Zoom in")).to_have_attribute("aria-disabled", "true")
    wait_for_tiles(page)


def drag_c(page: Page, steps: int) -> Iterator[str]:
    """Drag c across its map; yield the real part of c after each step."""
    box = page.locator("#mandelbrot").bounding_box()
    for step in range(steps):
        page.mouse.move(box["x"] + 40 + 4 * step, box["y"] + 60 + step)
        if not step:
            page.mouse.down()
        yield page.get_by_label("Real part").input_value()
    page.mouse.up()


def test_while_c_is_dragged_the_browser_draws_and_tiles_come_when_it_rests(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}")
    wait_for_tiles(page)
    page.evaluate(WATCH)
    requested: list[str] = []
    page.on("request", lambda one: "/tile/" in one.url and requested.append(one.url))
    places = drag_c(page, 12)
    shown = [next(places) for _ in range(12)]
    assert len(set(shown)) == 12
    page.wait_for_function("() => window.seen.size > 10", timeout=PATIENCE)
    assert requested == []
    next(places, None)
    wait_for_tiles(page)
    expect(page.locator(".preview")).to_be_hidden()
    assert requested
    assert all(f"cx={shown[-1]}&" in address for address in requested)
    assert_tiles_are_the_kernels(page)


@pytest.mark.parametrize(
    "visit",
    [{"reduced_motion": "no-preference"}, {"reduced_motion": "reduce"}],
    indirect=True,
    ids=["moving", "calm"],
)
def test_the_picture_is_opaque_whatever_changes(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}")
    wait_for_tiles(page)
    page.evaluate(WATCH)
    for cx in drag_c(page, 10):
        assert cx
    for palette in ("lagoon", "dawn"):
        page.get_by_label("Palette").select_option(palette)
        wait_for_tiles(page)
    for zoom in (2, 3):
        page.locator("#plane").press("+")
        expect(page.locator("#place")).to_have_text(f"Zoom {zoom} of {MAX_ZOOM}")
        wait_for_tiles(page)
    page.get_by_role("link", name="Airplane").click()
    expect(page.get_by_label("Real part")).to_have_value(str(CONSTANTS[1].cx))
    wait_for_tiles(page)
    assert page.evaluate("window.leastOpacity") >= 0.95
    assert page.evaluate("window.seen.size") > 2


def test_back_returns_to_each_place_before(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}&zoom=4")
    wait_for_tiles(page)
    page.evaluate("window.isTheSame = true")
    plane, places = page.locator("#plane"), [page.url]

    def note_new_place() -> None:
        expect(page).not_to_have_url(places[-1])
        places.append(page.url)

    plane.press("+")
    note_new_place()
    plane.press("ArrowRight")
    note_new_place()
    for _ in drag_c(page, 10):
        pass
    expect(page.get_by_label("Real part")).not_to_have_value(str(CONSTANTS[0].cx))
    final = page.get_by_label("Real part").input_value()
    expect(page).to_have_url(re.compile(f"cx={re.escape(final)}&"))
    places.append(page.url)
    page.get_by_label("Palette").select_option("lagoon")
    note_new_place()
    page.get_by_role("link", name="Airplane").click()
    note_new_place()
    for place in reversed(places[:-1]):
        page.go_back()
        expect(page).to_have_url(place)
    expect(page.locator("#place")).to_have_text(f"Zoom 4 of {MAX_ZOOM}")
    expect(page.get_by_label("Real part")).to_have_value(str(CONSTANTS[0].cx))
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page)
    page.go_forward()
    expect(page.locator("#place")).to_have_text(f"Zoom 5 of {MAX_ZOOM}")
    assert page.evaluate("window.isTheSame")


@pytest.mark.parametrize("visit", [{"device_scale_factor": 2}], indirect=True)
def test_tiles_have_as_many_pixels_as_a_dense_screen(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}&zoom=4")
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page, 512)
    page.locator("#mandelbrot").press("ArrowRight")
    expect(page.get_by_label("Real part")).not_to_have_value(str(CONSTANTS[0].cx))
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page, 512)
    # Where a tile may not have more pixels there are still tiles.
    visit.go(f"/explore?{AT_EDGE}&zoom={MAX_ZOOM}&iterations=1000")
    wait_for_tiles(page)
    assert page.evaluate("document.querySelector('.plane .leaflet-tile').width") == 256


@pytest.mark.parametrize("visit", [{"device_scale_factor": 3}], indirect=True)
def test_a_denser_screen_gets_more_pixels_as_far_as_iterations_allow(served, visit):
    page = visit.go("/explore")
    width = "document.querySelector('.plane .leaflet-tile').width"
    page.get_by_label("Automatic").uncheck()
    for iterations, expected in ((300, 768), (2000, 512), (9000, 256)):
        page.get_by_label("Iterations").fill(str(iterations))
        page.get_by_label("Iterations").press("Enter")
        wait_for_tiles(page)
        page.wait_for_function(f"() => {width} === {expected}", timeout=PATIENCE)


@pytest.mark.parametrize(
    ("visit", "notch"),
    [
        ({"device_scale_factor": density}, notch)
        for density, notch in ((1, 120), (2, 100), (3, 120))
    ],
    indirect=["visit"],
)
def test_a_notch_of_the_wheel_is_a_zoom_level(served, visit, notch):
    page = visit.go("/explore?zoom=4")
    wait_for_tiles(page)
    page.locator("#plane").hover()
    zoom = 4
    for notches in (1, 1, 2, -1, -3):
        page.mouse.wheel(0, -notch * notches)
        zoom += notches
        expect(page.locator("#place")).to_have_text(f"Zoom {zoom} of {MAX_ZOOM}")


@pytest.mark.parametrize(
    "visit", [{"viewport": VIEWPORTS[name]} for name in ("phone", "desk")], indirect=True
)
def test_a_fractal_is_explored_with_its_whole_window_in_view(served, visit):
    window = {"xa": -0.2, "xb": 0.3, "ya": -1.1, "yb": 0.9}
    uuid = post(served.url, **picture(0, 64) | window)
    page = visit.go(f"/fractal/{uuid}")
    # Until it is complete the page changes under the pointer.
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible()
    visit.follow(page.get_by_role("link", name="Explore", exact=True))
    expect(page).to_have_url(re.compile("/explore[?]palette="))
    expect(page.get_by_role("note")).to_contain_text("stretched 5.36 times in width")
    view = {name: float(value) for name, value in view_of(page).items() if name != "palette"}
    box = page.locator("#plane").bounding_box()
    for middle, side, first, last in (
        (view["re"], box["width"], window["xa"], window["xb"]),
        (view["im"], box["height"], window["ya"], window["yb"]),
    ):
        half = side / 2 * pitch(int(view["zoom"]))
        assert middle - half <= first
        assert last <= middle + half


def requests_of(page: Page) -> list[str]:
    """Return a list to which all tiles that scripts request from now on are appended."""
    requested: list[str] = []
    page.on("request", lambda one: one.resource_type == "fetch" and requested.append(one.url))
    return requested


def test_colours_change_without_a_request(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}&zoom=2")
    wait_for_tiles(page)
    requested = requests_of(page)
    page.get_by_label("Palette").select_option("nebula")
    page.get_by_label("Density").fill("2.5")
    page.get_by_label("Inside").select_option("white")
    page.locator("#plane").press("o")
    expect(page).to_have_url(re.compile("density=2.5&inside=%23ffffff&offset=0.015625"))
    assert_tiles_are_the_kernels(page)
    assert requested == []
    page.keyboard.press("s")
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page)
    assert requested


def test_one_dives_into_the_mandelbrot_set_for_a_c_of_many_digits(served, visit):
    page = visit.go(f"/explore?{RABBIT}&mre=0&mim=1&mzoom=2")
    wait_for_tiles(page)
    requested = requests_of(page)
    plane, place = page.locator("#plane"), page.locator("#place")
    plane.press("m")
    expect(page.get_by_role("button", name="Mandelbrot set")).to_have_attribute(
        "aria-pressed", "true"
    )
    for zoom in range(5, 24, 3):
        plane.press("Shift++")
        expect(place).to_have_text(f"Zoom {zoom} of {MAX_ZOOM}")
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] / 2 + 60, "y": box["height"] / 2 - 30})
    expect(page).not_to_have_url(re.compile(f"cx={CONSTANTS[0].cx}"))
    view = view_of(page)
    assert float(view["cx"]) == pytest.approx(60 * pitch(23), abs=2 * pitch(23))
    assert float(view["cy"]) == pytest.approx(1 - 30 * pitch(23), abs=2 * pitch(23))
    assert len(view["cy"].partition(".")[2]) >= 12
    wait_for_tiles(page)
    assert requested == []
    visit.go("/explore?" + urlencode(view))
    expect(place).to_have_text(f"Zoom 23 of {MAX_ZOOM}")
    wait_for_tiles(page)
    assert view_of(page) == view
    plane.press("m")
    expect(place).to_have_text(f"Zoom 1 of {MAX_ZOOM}")
    expect(page.get_by_label("Imaginary part")).to_have_value(view["cy"])
    wait_for_tiles(page)
    assert_tiles_are_the_kernels(page)


def test_each_key_does_what_the_help_says(served, visit):
    page = visit.go(f"/explore?{RABBIT}&zoom=2&palette=ember")
    wait_for_tiles(page)
    plane, message = page.locator("#plane"), page.locator("#message")
    for keys, label, values in (
        ("nN", "Palette", ("lagoon", "ember")),
        ("oO", "Offset", ("0.015625", "0")),
        ("dD", "Density", ("1.25", "1")),
        ("ss", "Colouring", ("smooth", "bands")),
    ):
        for key, value in zip(keys, values, strict=True):
            plane.press(key)
            expect(page.get_by_label(label)).to_have_value(value)
    plane.press("i")
    expect(page.get_by_label("Automatic")).to_be_checked()
    expect(page.get_by_label("Iterations")).to_have_value("400")
    for key, name in (("[", "Mark A is at"), ("]", "Mark B is at"), ("l", "link")):
        plane.press(key)
        expect(message).to_contain_text(name)
    plane.press("r")
    part, play = page.get_by_label("Real part"), page.get_by_role("button", name="Play")
    expect(part).not_to_have_value(str(CONSTANTS[0].cx))
    surprise = part.input_value()
    plane.press("u")
    expect(part).to_have_value(str(CONSTANTS[0].cx))
    plane.press("U")
    expect(part).to_have_value(surprise)
    wait_for_tiles(page)
    requested = requests_of(page)
    plane.press("p")
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(part).not_to_have_value(surprise)
    assert requested == []
    plane.press("p")
    expect(play).to_have_attribute("aria-pressed", "false")
    wait_for_tiles(page)
    for key in "++++h":
        plane.press(key)
    expect(page.locator("#place")).to_have_text(re.compile("Zoom [12] of"))
    expect(page).to_have_url(re.compile("re=0&im=0&"))
    plane.press("f")
    page.wait_for_function("() => document.fullscreenElement", timeout=PATIENCE)
    plane.press("f")
    page.wait_for_function("() => !document.fullscreenElement", timeout=PATIENCE)
    plane.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("swap the Julia set")
    page.get_by_label("Letters work as keys").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    place = page.locator("#place").text_content()
    plane.press("m")
    plane.press("+")
    expect(page.locator("#place")).not_to_have_text(place)
    expect(page.locator("#swap")).to_have_attribute("aria-pressed", "false")


def test_a_named_constant_is_shown_whole(served, visit):
    page = visit.go("/explore?zoom=9&re=0.5&im=0.5&palette=grey")
    page.get_by_role("link", name="Airplane").click()
    expect(page.get_by_label("Real part")).to_have_value(str(CONSTANTS[1].cx))
    expect(page.locator("#place")).to_contain_text("Zoom 1 ")
    expect(page.get_by_label("Palette")).to_have_value("grey")
    wait_for_tiles(page)


def test_c_can_be_typed_dragged_and_moved_with_the_keys(served, visit):
    page = visit.go("/explore")
    page.get_by_label("Real part").fill("-0.75")
    page.get_by_label("Imaginary part").fill("0.1")
    page.get_by_label("Imaginary part").press("Enter")
    expect(page).to_have_url(re.compile("cx=-0.75&cy=0.1&"))
    page.locator("#mandelbrot").press("ArrowDown")
    expect(page).to_have_url(re.compile("cx=-0.75&cy=0.11"))
    box = page.locator("#mandelbrot").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 200, box["y"] + 60, steps=10)
    page.mouse.up()
    expect(page).to_have_url(re.compile("cx=1&"))
    wait_for_tiles(page)
    # What was shown on the way is gone.
    expect(page.locator(".plane .leaflet-tile-pane > .leaflet-layer")).to_have_count(1)


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
def test_without_javascript_there_are_pictures_links_and_a_form(served, visit):
    page = visit.go("/explore")
    pictures = page.locator(".still img")
    expect(pictures).to_have_count(4)
    assert_loaded(pictures)
    assert_nothing_sticks_out(page)
    visit.follow(page.get_by_role("link", name="Zoom in"))
    visit.follow(page.get_by_role("link", name="Right"))
    assert view_of(page)["zoom"] == "2"
    assert float(view_of(page)["re"]) == 1.0
    page.get_by_label("Real part").fill("-1")
    page.get_by_label("Imaginary part").fill("0")
    page.get_by_label("Palette").select_option("tides")
    visit.follow(page.get_by_role("button", name="Show"))
    assert view_of(page).items() >= {"cx": "-1", "zoom": "2", "palette": "tides"}.items()
    assert_loaded(pictures)


def test_the_page_fits_every_screen(served, visit):
    page = visit.go("/explore")
    for size in VIEWPORTS.values():
        page.set_viewport_size(size)
        wait_for_tiles(page)
        assert_nothing_sticks_out(page)
        for name in ("Zoom in", "Zoom out"):
            expect(page.get_by_role("button", name=name)).to_be_visible()
        expect(page.get_by_role("button", name="Render this")).to_be_visible()


def test_without_a_worker_the_page_says_so_and_recovers_by_itself(
    tmp_path: Path, transport_url: str, page: Page
):
    with Cluster(tmp_path, f"sqlite:///{tmp_path}/faafo.sqlite", transport_url) as cluster:
        cluster.start_api(tiles={"transport_url": transport_url, "timeout": 0.5})
        page.goto(f"{cluster.url}/explore")
        trouble = page.locator("#problem")
        expect(trouble).to_contain_text("No tiles at the moment")
        worker = cluster.start_worker("w-1")
        expect(trouble).to_be_empty()
        wait_for_tiles(page)
        assert_thumbnails_loaded(page)
        worker.kill()
        page.locator("#plane").press("+")
        expect(trouble).to_contain_text("No tiles at the moment")
        cluster.start_worker("w-2")
        expect(trouble).to_be_empty()
        wait_for_tiles(page)


def assert_thumbnails_loaded(page: Page) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.explorer-constants img')]"
        ".every((image) => image.complete && image.naturalWidth)",
        timeout=PATIENCE,
    )


def test_a_film_of_the_path_round_a_mark_is_made_and_played(served, visit):
    page = visit.go(f"/explore?{RABBIT}&zoom=1")
    film = page.locator("#film")
    film.get_by_label("What moves").select_option("circle round mark A")
    film.get_by_label("Frames", exact=True).fill("4")
    film.get_by_label("Frames a second").fill("4")
    film.get_by_role("button", name="Film this").click()
    expect(page.locator("#filmed")).to_have_text("Set mark A first")
    page.get_by_role("button", name="Mark A").click()
    page.get_by_label("Real part").fill("-0.2")
    page.get_by_label("Real part").press("Enter")
    visit.follow(film.get_by_role("button", name="Film this"))
    page.wait_for_url("**/fractal/*")
    uuid = urlsplit(page.url).path.rpartition("/")[2]
    # The page follows the film until it is complete.
    play = page.get_by_role("button", name="Play")
    expect(play).to_be_visible()
    record = served.client.get(uuid)
    assert record["film"]["path"]["centre"] == [CONSTANTS[0].cx, CONSTANTS[0].cy]
    assert (record["status"], record["children"], record["samples"]) == ("complete", 4, 1)
    expect(page.get_by_text("4 frames, 4 a second, 1 s")).to_be_visible()
    film = page.locator("#film-picture")
    # Who wants less motion sees the first frame.
    assert "thumbnail" in film.get_attribute("src")
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    play.click()
    expect(film).to_have_js_property("naturalWidth", 640)
    page.wait_for_function("() => document.getElementById('film-picture').complete")
    # A canvas would take the first frame: only what is on the screen moves.
    seen: set[bytes] = set()
    wait_until(lambda: seen.add(film.screenshot()) or len(seen) > 3, "the film to move")
    page.get_by_role("button", name="Stop").click()
    assert "thumbnail" in film.get_attribute("src")


def test_a_zoom_leads_from_the_whole_set_to_the_view(served, visit):
    page = visit.go(f"/explore?{AT_EDGE}&zoom=5")
    film = page.locator("#film")
    film.get_by_label("What moves").select_option("zoom from the whole set")
    film.get_by_label("Size of the film").select_option("640x360")
    film.get_by_label("Frames", exact=True).fill("2")
    visit.follow(film.get_by_role("button", name="Film this"))
    page.wait_for_url("**/fractal/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Film: a zoom into")
    record = served.client.get(urlsplit(page.url).path.rpartition("/")[2])
    path = record["film"]["path"]
    assert path["c"] == [CONSTANTS[0].cx, CONSTANTS[0].cy]
    step = (path["to"]["xb"] - path["to"]["xa"]) / 639
    # All of the view is on a picture that is smaller.
    assert step >= pitch(5)
    assert path["to"]["xa"] + 320 * step == pytest.approx(EDGE.real)
    assert record["xa"] == pytest.approx(-record["xb"], abs=(record["xb"] - record["xa"]) / 600)
    assert record["xb"] - record["xa"] > 2 * EDGE.real
