# SPDX-License-Identifier: Apache-2.0
"""Every page in Chromium: narrow and wide, dark and light, without trouble, and accessible."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.functional.cluster import Cluster
from tests.functional.exhibition import Exhibition, open_exhibition
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import Visit, browser_type_launch_args  # noqa: F401

WIDTHS = {390: 844, 1280: 800, 1920: 1080}
# The style sheets know no screen that is wider than 992 pixels: more is checked for its size only.
LAYOUTS = (390, 1280)
SCHEMES = ("dark", "light")
GRAVE = {"serious", "critical"}
PAGES = {
    "gallery": "/",
    "largest": "/?sort=largest&size=small&palette=ember",
    "errors": "/?status=error",
    "rendering": "/?status=rendering",
    "fractal": "/fractal/{complete}",
    "failed fractal": "/fractal/{error}",
    "deletion": "/fractal/{complete}/delete",
    "explorer": "/explore",
    "form": "/new",
    "webhooks": "/webhooks",
    "webhook": "/webhook/{webhook}",
    "documentation": "/openapi/",
    "nothing": "/fractal/00000000-0000-4000-8000-000000000000",
}
# Much of these comes when they have loaded.
GROWING = {"gallery", "explorer", "form", "documentation"}
# A page of nothing is smaller.
SMALLEST_SCREENSHOT = 5_000
# The largest thumbnail and the largest page that a visitor has to wait for.
LARGEST_THUMBNAIL = 32_000
LARGEST_PAGE = 650_000


@pytest.fixture(scope="module")
def exhibition(
    rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exhibition]:
    """A site with a page of pictures, and one fractal of each other status."""
    directory = tmp_path_factory.mktemp("exhibition")
    url = rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        yield open_exhibition(cluster, url, width=640, pictures=24)


@pytest.fixture
def start(exhibition: Exhibition, new_context) -> Iterator[Callable[..., Visit]]:
    """Starts a visit with a width and a colour scheme; none may have any trouble."""
    visits = []

    def start_visit(width: int = 1280, scheme: str = "dark") -> Visit:
        viewport = {"width": width, "height": WIDTHS[width]}
        context = new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        visits.append(Visit(context.new_page(), exhibition.url))
        return visits[-1]

    yield start_visit
    for visit in visits:
        assert visit.troubles == []


def _open(visit: Visit, exhibition: Exhibition, name: str) -> Page:
    names = {status: uuids[0] for status, uuids in exhibition.uuids.items()}
    names["webhook"] = exhibition.webhook
    page = visit.go(PAGES[name].format(**names))
    if name in GROWING:
        page.wait_for_load_state("networkidle")
    if name == "nothing":
        # That the page is not there is no trouble here.
        visit.troubles.clear()
    return page


def _violations(page: Page) -> list[str]:
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(start, exhibition: Exhibition, name: str):
    page = _open(start(), exhibition, name)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert len(page.screenshot(full_page=True)) > SMALLEST_SCREENSHOT
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            sides = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert sides[1] == width
            assert sides[0] <= sides[1]
            if width in LAYOUTS:
                assert _violations(page) == [], (scheme, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_takes_little_and_moves_nothing_while_it_loads(
    start, exhibition: Exhibition, width: int
):
    visit = start(width)
    sizes = {}
    visit.page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    visit.page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => {"
        " for (const one of list.getEntries()) window.shift += one.value;"
        "}).observe({ type: 'layout-shift', buffered: true })"
    )
    page = _open(visit, exhibition, "gallery")
    assert page.evaluate("window.shift") < 0.01
    thumbnails = [size for url, size in sizes.items() if "thumbnail" in url]
    assert thumbnails
    assert max(thumbnails) <= LARGEST_THUMBNAIL
    assert sum(sizes.values()) <= LARGEST_PAGE


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_light_system_gets_a_light_page(start, exhibition: Exhibition, scheme: str):
    page = _open(start(scheme=scheme), exhibition, "gallery")
    colour = {"dark": "rgb(12, 14, 18)", "light": "rgb(247, 246, 243)"}[scheme]
    expect(page.locator("body")).to_have_css("background-color", colour)


def test_keys_turn_the_pages_of_fractals(start, exhibition: Exhibition):
    visit = start()
    first, second = exhibition.uuids["complete"][:2]
    page = visit.go(f"/fractal/{first}")
    page.keyboard.press("ArrowLeft")
    # Until it has loaded, a page does not listen to keys.
    page.wait_for_url(f"{exhibition.url}/fractal/{second}", wait_until="load")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"{exhibition.url}/fractal/{first}", wait_until="load")
