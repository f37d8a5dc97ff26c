# SPDX-License-Identifier: Apache-2.0
"""The page of a fractal and the form in Chromium, with and without JavaScript."""

import cmath
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from faafo.fractal.constants import CONSTANTS
from faafo.fractal.embedded import extract
from tests.functional.cluster import Cluster
from tests.functional.exhibition import picture, post
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import (
    PATIENCE,
    Visit,
    browser_type_launch_args,  # noqa: F401
)

VISITORS = {"with JavaScript": {}, "without JavaScript": {"java_script_enabled": False}}
TRANSFORM = "document.querySelector('.zoomable img').style.transform"


@pytest.fixture(scope="module")
def cluster(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """All three services."""
    directory: Path = tmp_path_factory.mktemp("page")
    url = rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        cluster.start_api(tiles={"transport_url": url, "timeout": 60})
        cluster.start_worker(slots=2)
        cluster.start_producer(patient=True)
        yield cluster


@pytest.fixture(scope="module")
def complete(cluster: Cluster) -> str:
    """The uuid of a complete fractal."""
    uuid = post(cluster.url, **picture(0, 640))
    wait_until(lambda: cluster.client.get(uuid)["status"] == "complete", "the fractal")
    return uuid


@pytest.fixture
def visit(request: pytest.FixtureRequest, cluster: Cluster, new_context) -> Iterator[Visit]:
    """A page that may not have any trouble."""
    options = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "Asia/Tokyo"}
    options |= getattr(request, "param", {})
    visit = Visit(new_context(**options).new_page(), cluster.url)
    yield visit
    assert visit.troubles == []


@pytest.fixture
def page(visit: Visit, complete: str) -> Page:
    """The page of a complete fractal, when its scripts are there."""
    page = visit.go(f"/fractal/{complete}")
    expect(page.get_by_role("button", name="Fit")).to_be_visible()
    return page


def scale_of(page: Page) -> float:
    transform = page.evaluate(TRANSFORM)
    return float(re.search(r"scale\((.*)\)", transform)[1]) if transform else 1.0


def test_the_picture_is_zoomed_by_buttons_keys_and_the_wheel(page: Page):
    # As if a preview were shown: a closer look needs the picture itself.
    picture = page.locator(".zoomable img")
    full = picture.evaluate("img => (img.dataset.full = `${img.src}#full`)")
    expect(picture).not_to_have_attribute("src", full)
    page.get_by_role("button", name="Zoom in").click()
    assert scale_of(page) == pytest.approx(1.5)
    expect(picture).to_have_attribute("src", full)
    frame = page.locator(".zoomable")
    frame.hover()
    page.mouse.wheel(0, -100)
    page.wait_for_function(f"() => {TRANSFORM}.includes('scale(2.25)')")
    frame.focus()
    page.keyboard.press("+")
    assert scale_of(page) == pytest.approx(1.5**3)
    before = page.url
    page.keyboard.press("ArrowRight")
    assert page.url == before
    page.get_by_role("button", name="Fit").click()
    assert scale_of(page) == 1.0


def test_a_zoomed_picture_is_dragged_and_is_no_link_until_it_fits_again(page: Page, complete: str):
    page.get_by_role("button", name="Zoom in").click()
    box = page.locator(".zoomable").bounding_box()
    before = page.evaluate(TRANSFORM)
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 230, steps=4)
    page.mouse.up()
    assert page.evaluate(TRANSFORM) != before
    assert page.url.endswith(f"/fractal/{complete}")
    page.get_by_role("button", name="Fit").click()
    page.locator(".zoomable").click()
    expect(page).to_have_url(re.compile("/image$"))


def test_the_checksum_is_copied(page: Page, cluster: Cluster, complete: str):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the checksum").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    checksum = cluster.client.get(complete)["checksum"]
    assert page.evaluate("navigator.clipboard.readText()") == checksum


def test_what_is_downloaded_knows_what_it_shows(page: Page, cluster: Cluster, complete: str):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"faafo-{complete}.png"
    png = Path(download.value.path()).read_bytes()
    record, found = cluster.client.get(complete), extract(png).model_dump()
    assert found == {name: record[name] for name in found}
    assert hashlib.sha256(png).hexdigest() != record["checksum"]


def test_the_timeline_tells_the_life_of_the_fractal(page: Page):
    expect(page.locator(".timeline li.done")).to_have_count(4)
    expect(page.locator(".timeline time")).to_have_count(3)
    expect(page.locator(".timeline time").first).to_contain_text("GMT+9")
    page.emulate_media(media="print")
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator(".timeline")).to_be_visible()


def test_the_explorer_and_the_form_begin_with_what_is_shown(visit: Visit, page: Page):
    visit.follow(page.get_by_role("link", name="Render again larger"))
    expect(page.get_by_label("Width in pixels")).to_have_value("1280")
    # The preview has the sides of the picture, and shows tiles.
    expect(page.locator("#preview img").first).to_have_js_property("naturalWidth", 256)
    page.get_by_label("Size", exact=True).select_option("HD")
    expect(page.get_by_label("Width in pixels")).to_have_value("1920")
    # 640 x 480 square pixels become 16 : 9.
    expect(page.locator("#preview .frame")).to_have_css("aspect-ratio", "480 / 270")
    page.go_back()
    visit.follow(page.get_by_role("link", name="Explore", exact=True))
    expect(page.get_by_label("Real part")).to_have_value(str(picture(0, 640)["cx"]))


@pytest.mark.parametrize("visit", VISITORS.values(), ids=VISITORS, indirect=True)
def test_one_makes_a_fractal_and_sees_it(visit: Visit):
    page = visit.go("/")
    visit.follow(page.get_by_role("link", name="New").first)
    page.get_by_label("Width in pixels").fill("320")
    page.get_by_label("Height in pixels").fill("200")
    page.get_by_role("radio", name="dawn").check()
    visit.follow(page.get_by_role("button", name="Render it"))
    expect(page).to_have_url(re.compile("/fractal/"))
    # Without a script the page loads itself anew, with one it follows.
    expect(page.locator("main a img")).to_have_js_property("naturalWidth", 320)
    expect(page.get_by_text("dawn")).to_be_visible()


@pytest.mark.parametrize("visit", VISITORS.values(), ids=VISITORS, indirect=True)
def test_the_form_says_what_is_wrong_and_keeps_the_rest(visit: Visit):
    page = visit.go("/new")
    page.get_by_label("Iterations").fill("none")
    page.get_by_label("Real part of c").fill("0.25")
    visit.follow(page.get_by_role("button", name="Render it"))
    expect(page.get_by_role("alert")).to_contain_text("iterations: must be an integer")
    expect(page.get_by_label("Real part of c")).to_have_value("0.25")
    # That the form was refused is no trouble here.
    page.wait_for_load_state("networkidle")
    visit.troubles.clear()


@pytest.mark.parametrize("visit", [VISITORS["without JavaScript"]], indirect=True)
def test_those_that_are_chosen_in_the_gallery_are_deleted_together(visit: Visit, cluster: Cluster):
    uuids = [post(cluster.url, **picture(number, 24)) for number in range(2)]
    for uuid in uuids:
        wait_until(lambda uuid=uuid: cluster.client.get(uuid)["status"] == "complete", "the end")
    page = visit.go("/")
    for uuid in uuids:
        page.locator(f"input[value='{uuid}']").check()
    for sentence in ("Delete these 2 fractals?", "2 fractals are deleted."):
        visit.follow(page.get_by_role("button", name="Delete"))
        expect(page.get_by_role("heading", name=sentence)).to_be_visible()
    visit.follow(page.get_by_role("link", name="Back to the gallery"))
    for uuid in uuids:
        expect(page.locator(f"input[value='{uuid}']")).to_have_count(0)


# In its middle is a point of the first named Julia set, which maps to itself.
EDGE = (1 + cmath.sqrt(1 - 4 * complex(CONSTANTS[0].cx, CONSTANTS[0].cy))) / 2
LARGE = {
    "width": 4801,
    "height": 3601,
    "iterations": 60,
    "xa": EDGE.real - 0.4,
    "xb": EDGE.real + 0.4,
    "ya": EDGE.imag - 0.3,
    "yb": EDGE.imag + 0.3,
}
# Of the tile in the middle of the map, if it has the pixels of the picture: address and place.
MIDDLE = """() => {
  const { x, y, width, height } = document.querySelector(".plane").getBoundingClientRect();
  const [left, top] = [x + width / 2, y + height / 2];
  for (const tile of document.querySelectorAll(".plane canvas.leaflet-tile-loaded")) {
    const box = tile.getBoundingClientRect();
    const isThere = box.left <= left && left < box.right && box.top <= top && top < box.bottom;
    const hasPixels = tile.dataset.address.includes("/tile/5/");
    const begin = [box.x - x, box.y - y].map(Math.round);
    if (isThere && hasPixels) return [tile.dataset.address, ...begin];
  }
}"""


@pytest.fixture(scope="module")
def large(cluster: Cluster) -> str:
    """The uuid of a complete fractal that is too large to be shown with all its pixels."""
    uuid = post(cluster.url, **picture(0, 640) | LARGE)
    wait_until(lambda: cluster.client.get(uuid)["status"] == "complete", "the large fractal")
    return uuid


def test_a_large_picture_is_shown_down_to_its_pixels_by_tiles(
    visit: Visit, cluster: Cluster, large: str
):
    requested: list[str] = []
    visit.page.on("request", lambda one: requested.append(urlsplit(one.url).path))
    # Nothing moves while it is looked at.
    visit.page.emulate_media(reduced_motion="reduce")
    page = visit.go(f"/fractal/{large}")
    viewer = page.locator("#viewer")
    place = viewer.locator("[data-place]")
    expect(place).to_have_text("The whole picture")
    expect(page.locator(".picture")).to_be_hidden()
    plane = viewer.get_by_role("application")
    plane.press("+")
    expect(place).to_contain_text("% of its size")
    viewer.get_by_role("button", name="Its pixels").click()
    expect(place).to_have_text("At 100 % of its size")
    address, *begin = page.wait_for_function(MIDDLE, timeout=PATIENCE).json_value()
    screen = Image.open(io.BytesIO(plane.screenshot())).convert("RGB")
    numbers = re.findall(r"/(\d+)", address)[-2:]
    # Around the middle, on the screen and in the picture.
    left, top = (side // 2 for side in screen.size)
    column, row = (
        256 * int(number) + at - first
        for number, at, first in zip(numbers, (left, top), begin, strict=True)
    )
    right, bottom = (
        min(side + 64, 256 + first) for side, first in zip((left, top), begin, strict=True)
    )
    size = right - left, bottom - top
    shown = screen.crop((left, top, right, bottom))
    image = cluster.check_image(cluster.client.get(large)).convert("RGB")
    expected = image.crop((column, row, column + size[0], row + size[1]))
    difference = ImageChops.difference(shown, expected)
    # The last bit of a coordinate may be another one.
    assert sum(difference.convert("L").histogram()[1:]) < 20
    assert len(shown.getcolors()) > 5
    viewer.get_by_role("button", name="Whole picture").click()
    expect(place).to_have_text("The whole picture")
    assert any("/tile/" in path for path in requested)
    assert not any(path.endswith(("/image", "/download")) for path in requested)
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("visit", [VISITORS["without JavaScript"]], indirect=True)
def test_without_javascript_a_large_picture_is_a_small_copy_and_a_download(
    visit: Visit, large: str
):
    page = visit.go(f"/fractal/{large}")
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 1280)
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible()
    expect(page.locator("#viewer")).to_be_hidden()
