# SPDX-License-Identifier: Apache-2.0
"""The open gallery in Chromium while a cluster renders: what changes is seen without a reload."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, Request, expect

from tests.functional.cluster import Cluster
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import (
    PATIENCE,
    Visit,
    browser_type_launch_args,  # noqa: F401
)

SMALL = {
    "width": 320, "height": 240, "iterations": 100,
    "xa": -1.6, "xb": 1.6, "ya": -1.2, "yb": 1.2, "cx": -0.8, "cy": 0.156,
}  # fmt: skip
# No kernel can cut this short, since c = 1/4 has no cycle that attracts: it takes minutes.
LONG = SMALL | {"width": 2000, "height": 12_000, "iterations": 100_000, "cx": 0.25, "cy": 0.0}
LEAST_MOVES = 5
STREAM = "/api/event"
# Seconds after it is complete within which a fractal must be seen; the best of a few counts, since
# other tests have the machine as well.
SOON = 1.0
# Seconds without a request for the page after which it is not polled any more, as each 1.5 seconds.
QUIET = 2.5
# Progress is shown as often as leases are renewed.
OFTEN = {"producer": {"renew_interval": 0.5}}


@pytest.fixture(scope="module")
def cluster(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """All three services, with a worker that has two slots."""
    directory: Path = tmp_path_factory.mktemp("live")
    url = rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        cluster.start_api()
        cluster.start_worker(slots=2)
        cluster.start_producer(patient=True, groups=OFTEN)
        yield cluster


@pytest.fixture
def visit(cluster: Cluster, new_context) -> Iterator[Visit]:
    """A page that may not have any trouble."""
    visit = Visit(new_context(viewport={"width": 1280, "height": 800}).new_page(), cluster.url)
    yield visit
    assert visit.troubles == []


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The open gallery; it is never loaded again."""
    page = visit.go("/")
    page.evaluate("window.isTheSame = true")
    yield page
    assert page.evaluate("window.isTheSame")


def post(cluster: Cluster, **parameters: float) -> str:
    return requests.post(f"{cluster.url}/api/fractal", json=parameters, timeout=120).json()["uuid"]


def test_a_new_fractal_and_the_numbers_appear_soon_after_it_is_complete(cluster, page):
    waits = []
    for number in range(3):
        uuid = post(cluster, **SMALL)
        wait_until(lambda uuid=uuid: cluster.client.get(uuid)["status"] == "complete", "the end")
        begun_at = time.monotonic()
        picture = page.locator(f"li[data-key='{uuid}'] img")
        expect(picture).to_be_visible()
        waits.append(time.monotonic() - begun_at)
        expect(picture).to_have_js_property("naturalWidth", 320)
        expect(page.get_by_role("link", name=f"Complete {number + 1}")).to_be_visible()
        expect(page.locator("#rate")).to_have_text(f"{number + 1} in the last minute")
    assert min(waits) < SOON


class Traffic:
    """What a page asks the server for while it is open."""

    def __init__(self, page: Page) -> None:
        self._begun_at = time.monotonic()
        self.reads: list[float] = []
        self.streams = 0
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        if urlsplit(request.url).path == STREAM:
            self.streams += 1
        elif request.resource_type == "fetch":
            self.reads.append(time.monotonic())

    def _end(self, request: Request) -> None:
        if urlsplit(request.url).path == STREAM:
            self.streams -= 1

    def is_quiet(self, page: Page) -> bool:
        """Whether there is a stream and no poll; lets the page go on for a while."""
        page.wait_for_timeout(100)
        last_read_at = max(self.reads, default=self._begun_at)
        return self.streams == 1 and time.monotonic() - last_read_at > QUIET


def test_one_open_connection_takes_the_place_of_polls(cluster, visit):
    traffic = Traffic(visit.page)
    page = visit.go("/")
    wait_until(lambda: traffic.is_quiet(page), "the end of the polls")
    waits = []
    for _ in range(3):
        reads, uuid = len(traffic.reads), post(cluster, **SMALL)
        wait_until(lambda uuid=uuid: cluster.client.get(uuid)["status"] == "complete", "the end")
        begun_at = time.monotonic()
        expect(page.locator(f"li[data-key='{uuid}'] img")).to_be_visible()
        waits.append(time.monotonic() - begun_at)
        assert reads < len(traffic.reads) <= reads + 4
        assert traffic.streams == 1
    assert min(waits) < SOON


def test_a_page_that_is_hidden_has_no_connection(visit):
    traffic = Traffic(visit.page)
    page = visit.go("/")
    for is_hidden, streams in ((True, 0), (False, 1)):
        wait_until(lambda count=1 - streams: is_after(page, traffic, count), "the stream")
        page.evaluate(
            "isHidden => {"
            "Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange')); }",
            is_hidden,
        )
        wait_until(lambda count=streams: is_after(page, traffic, count), "the change")


def is_after(page: Page, traffic: Traffic, streams: int) -> bool:
    page.wait_for_timeout(100)
    return traffic.streams == streams


def test_where_streams_are_refused_the_page_is_polled(cluster, new_context):
    page = new_context().new_page()
    page.route(f"**{STREAM}*", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(cluster.url)
    uuid = post(cluster, **SMALL)
    expect(page.locator(f"li[data-key='{uuid}'] img")).to_be_visible(timeout=PATIENCE)


# The uuid of the fractal whose entry is under a point.
UNDER = "([x, y]) => document.elementFromPoint(x, y)?.closest('[data-key]')?.dataset.key"
# Counts the entries of the gallery that come, go or are moved.
WATCH = """() => {
    window.exchanges = 0;
    new MutationObserver((changes) => {
        for (const { addedNodes, removedNodes } of changes)
            window.exchanges += addedNodes.length + removedNodes.length;
    }).observe(document.querySelector("ul.gallery"), { childList: true });
}"""
MANY = 10


def test_a_gallery_under_a_still_pointer_holds_still_until_its_button_is_pressed(cluster, page):
    uuids = [post(cluster, **SMALL) for _ in range(3)]
    entries = page.locator("ul.gallery > li")
    for uuid in uuids:
        expect(page.locator(f"ul.gallery li[data-key='{uuid}']")).to_be_visible()
    box = entries.nth(1).bounding_box()
    place = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 3]
    page.mouse.move(*place)
    held, count = page.evaluate(UNDER, place), entries.count()
    page.evaluate(WATCH)
    new = [post(cluster, **SMALL) for _ in range(MANY)]
    button = page.get_by_role("button", name=f"{MANY} new", exact=True)
    expect(button).to_be_visible()
    assert page.evaluate("window.exchanges") == 0
    assert (page.evaluate(UNDER, place), entries.count()) == (held, count)
    button.click()
    for uuid in new:
        expect(page.locator(f"ul.gallery li[data-key='{uuid}']")).to_be_visible()
    expect(page.locator("#arrivals")).to_be_hidden()
    # What nobody looks at shows what is new by itself.
    page.mouse.move(0, 0)
    newest = post(cluster, **SMALL)
    expect(entries.first).to_have_attribute("data-key", newest)


def test_what_is_new_is_inserted_by_the_keyboard_which_keeps_its_place_before(cluster, page):
    shown = post(cluster, **SMALL)
    first = page.locator(f"ul.gallery li[data-key='{shown}'] a.card-picture")
    expect(first).to_be_visible()
    first.focus()
    uuid = post(cluster, **SMALL)
    button = page.get_by_role("button", name="1 new", exact=True)
    expect(button).to_be_visible()
    expect(first).to_be_focused()
    button.focus()
    page.keyboard.press("Enter")
    newest = page.locator(f"ul.gallery li[data-key='{uuid}'] a.card-picture")
    expect(newest).to_be_focused()


def test_a_record_under_a_still_pointer_stays_though_it_left_the_list(cluster, visit):
    first, second = (post(cluster, **LONG) for _ in range(2))
    page = visit.go("/?status=rendering")
    row = page.locator(f"li[data-key='{first}']")
    row.hover()
    requests.delete(f"{cluster.url}/api/fractal/{first}", timeout=120)
    expect(page.get_by_role("link", name="Rendering 1")).to_be_visible()
    expect(row).to_be_visible()
    page.mouse.move(0, 0)
    expect(row).to_have_count(0)
    requests.delete(f"{cluster.url}/api/fractal/{second}", timeout=120)


def test_the_progress_bar_of_a_long_render_moves(cluster, page):
    uuid = post(cluster, **LONG)
    bar = page.locator(f"li[data-key='{uuid}'] progress")
    expect(bar).to_be_visible()
    seen = {bar.evaluate("bar => bar.value")}
    while len(seen) <= LEAST_MOVES:
        page.wait_for_function(
            "([uuid, last]) => "
            "document.querySelector(`li[data-key='${uuid}'] progress`).value > last",
            arg=[uuid, max(seen)],
            timeout=PATIENCE,
        )
        seen.add(bar.evaluate("bar => bar.value"))
    assert bar.evaluate("bar => bar.max") == LONG["height"]
    requests.delete(f"{cluster.url}/api/fractal/{uuid}", timeout=120)
    expect(page.locator(f"li[data-key='{uuid}']")).to_have_count(0)


def test_a_page_recovers_when_the_connection_was_cut(cluster, new_context):
    page = new_context().new_page()
    traffic = Traffic(page)
    page.goto(cluster.url)
    wait_until(lambda: traffic.is_quiet(page), "the stream")
    cluster.api.kill()
    expect(page.locator("#stale")).to_contain_text("does not answer", timeout=PATIENCE)
    cluster.start_api(int(cluster.url.rpartition(":")[2]))
    expect(page.locator("#stale")).to_have_text("", timeout=PATIENCE)
    wait_until(lambda: traffic.is_quiet(page), "another stream")
    uuid = post(cluster, **SMALL)
    expect(page.locator(f"li[data-key='{uuid}'] img")).to_be_visible(timeout=PATIENCE)
