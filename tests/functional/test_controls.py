# SPDX-License-Identifier: Apache-2.0
"""Form controls and link targets in Chromium: visible in both colour schemes, large enough to tap.

The bounds are those of WCAG 2.2: 3:1 for what a control is recognized by (1.4.11), 24 px for every
target that does not stand in a sentence (2.5.8), 44 px where a finger points (2.5.5).
"""

import io

import pytest
import requests
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.functional.test_gallery import (  # noqa: F401
    VISITORS,
    Gallery,
    browser_type_launch_args,
    gallery,
)

SCHEMES = ("dark", "light")
MIN_CONTRAST = 3.0
MIN_TARGET = 24
FINGER_TARGET = 44
PAGES = {
    "gallery": "/",
    "largest": "/?sort=largest",
    "errors": "/?status=error",
    "queued": "/?status=queued",
    "fractal": "/fractal/{complete}",
    "failed fractal": "/fractal/{error}",
    "rendering fractal": "/fractal/{rendering}",
    "deletion": "/fractal/{complete}/delete",
    "explorer": "/explore",
    "form": "/new",
    "documentation": "/openapi/",
    "collections": "/collections",
    "collection": "/collection/{collection}",
    "deletion of a collection": "/collection/{collection}/delete",
    "nothing": "/fractal/00000000-0000-4000-8000-000000000000",
}
WITH_SELECTS = ("explorer", "form")
WITH_CONTROLS = (*WITH_SELECTS, "collection")
# Links in a sentence are as high as its lines; the skip link is shown when it has the focus.
TARGETS = "a, button, select, summary, input:not([type=hidden]), canvas[tabindex]"
EXEMPT = ".visually-hidden-focusable, p:not(.caption) > a:not(.button)"
# The pixels of an arrow at the right end of a select, and of the left edge of any control.
ARROW_WIDTH = 28
EDGE = 3


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def desk(new_context, scheme: str) -> Page:
    """A page on a desk, in one of the colour schemes."""
    return new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme).new_page()


@pytest.fixture(params=VISITORS)
def visitor(request: pytest.FixtureRequest, new_context) -> tuple[Page, int]:
    """A page, and the smallest size that its targets may have."""
    page = new_context(**VISITORS[request.param]).new_page()
    return page, FINGER_TARGET if "phone" in request.param else MIN_TARGET


@pytest.fixture(scope="module", autouse=True)
def collection(gallery: Gallery) -> None:  # noqa: F811
    """Have a named collection, which the page of each fractal offers."""
    made = requests.post(f"{gallery.url}/api/collection", json={"name": "Dust"}, timeout=60)
    gallery.uuids["collection"] = [made.json()["uuid"]]


def _open(page: Page, gallery: Gallery, name: str) -> None:  # noqa: F811
    uuids = {status: some[-1] for status, some in gallery.uuids.items()}
    page.goto(gallery.url + PAGES[name].format(**uuids))
    page.wait_for_load_state("networkidle")


def _luminance(colour: tuple[int, ...]) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    linear = [
        part / 12.92 if (part := value / 255) <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for value in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(page: Page, clip: dict[str, float]) -> float:
    """Return the contrast of the most frequent colour of a rectangle with its most distant one."""
    image = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    counts = sorted(image.getcolors(image.width * image.height), reverse=True)
    ground, *others = (_luminance(colour) for _, colour in counts)
    ratios = [(max(ground, one) + 0.05) / (min(ground, one) + 0.05) for one in others]
    return max(ratios, default=1.0)


def _visible(locator: Locator) -> list[Locator]:
    return [one for one in locator.all() if one.is_visible()]


@pytest.mark.parametrize("name", WITH_SELECTS)
def test_the_arrow_of_a_select_stands_out(desk: Page, gallery: Gallery, name: str):  # noqa: F811
    _open(desk, gallery, name)
    selects = _visible(desk.locator("select"))
    assert selects
    for select in selects:
        select.scroll_into_view_if_needed()
        box = select.bounding_box()
        arrow = {
            "x": box["x"] + box["width"] - ARROW_WIDTH - EDGE,
            "y": box["y"] + EDGE,
            "width": ARROW_WIDTH,
            "height": box["height"] - 2 * EDGE,
        }
        assert _contrast(desk, arrow) >= MIN_CONTRAST, select


@pytest.mark.parametrize("name", WITH_CONTROLS)
def test_the_edge_of_a_control_stands_out(desk: Page, gallery: Gallery, name: str):  # noqa: F811
    _open(desk, gallery, name)
    controls = _visible(desk.locator("input:not([type=hidden]), select"))
    assert controls
    for control in controls:
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        edge = {
            "x": box["x"] - EDGE,
            "y": box["y"] + box["height"] / 2 - 1,
            "width": 2 * EDGE,
            "height": 2,
        }
        assert _contrast(desk, edge) >= MIN_CONTRAST, control


def test_the_bar_of_progress_stands_out(desk: Page, gallery: Gallery):  # noqa: F811
    # The form is no live page: it keeps an element that the server does not know.
    _open(desk, gallery, "form")
    desk.evaluate(
        "document.querySelector('main').insertAdjacentHTML("
        "'afterbegin', '<progress value=40 max=100></progress>')"
    )
    bar = desk.locator("progress")
    bar.scroll_into_view_if_needed()
    assert _contrast(desk, bar.bounding_box()) >= MIN_CONTRAST


def test_every_target_is_large_enough(visitor: tuple[Page, int], gallery: Gallery):  # noqa: F811
    """All pages in one visit: a context of the browser for each would take longer than they do."""
    page, smallest = visitor
    small = {name: _small(page, gallery, name, smallest) for name in PAGES}
    assert small == dict.fromkeys(PAGES, [])


def _small(page: Page, gallery: Gallery, name: str, smallest: int) -> list[tuple]:  # noqa: F811
    """Return the targets of a page that are too small: HTML, width and height."""
    _open(page, gallery, name)
    targets = page.evaluate(
        "([targets, exempt]) => [...document.querySelectorAll(targets)]"
        ".filter((one) => !one.matches(exempt) && one.checkVisibility())"
        # Who presses its label presses a box.
        ".map((one) => [one.outerHTML, (one.closest('label') ?? one).getBoundingClientRect()])"
        ".map(([html, { width, height }]) => [html.slice(0, 120), width, height])",
        [TARGETS, EXEMPT],
    )
    assert targets, name
    # Rounded: a box of 44 px may begin in the middle of a pixel of the device.
    return [one for one in targets if round(one[1]) < MIN_TARGET or round(one[2]) < smallest]
