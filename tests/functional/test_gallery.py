# SPDX-License-Identifier: Apache-2.0
"""The gallery in Chromium, as people see it: on a desk, on a phone, without JavaScript."""

import hashlib
import io
import os
import shutil
import uuid as uuidlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from oslo_config import cfg
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect

from faafo import conf as options
from faafo.app.factory import create_app
from faafo.app.server import HttpServer
from faafo.db import claims, db, fractals, outcomes, schema
from faafo.db.outcomes import RetryPolicy
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalTask
from faafo.store.filesystem import FilesystemStore
from faafo.web.excerpt import PAGE_SIZE

# Milliseconds: pages come late while other tests have the machine.
PATIENCE = 180_000
expect.set_options(timeout=PATIENCE)

COMPLETE = PAGE_SIZE + 5
WIDTH, HEIGHT = 640, 400

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VISITORS = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 375, "height": 667},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desk without JavaScript": {
        "viewport": {"width": 1280, "height": 800},
        "java_script_enabled": False,
    },
    "phone without JavaScript": {
        "viewport": {"width": 375, "height": 667},
        "java_script_enabled": False,
    },
}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Debian's Chromium instead of a downloaded one."""
    chromium = shutil.which("chromium")
    if chromium is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("chromium is missing; install it with: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGUMENTS}


@dataclass
class Gallery:
    """A served gallery: its URL, and the uuids of its fractals by status, oldest first."""

    url: str
    uuids: dict[str, list[str]]


@dataclass
class Visit:
    """A page in a browser, and everything that went wrong on it."""

    page: Page
    home: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self._note("console", message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.on("requestfailed", self._check_failure)
        self.page.on("request", self._check_host)
        self.page.on("response", lambda r: r.status < 400 or self._note("bad", r.url))

    def go(self, path: str) -> Page:
        """Open a page of the gallery."""
        self.page.goto(f"{self.home}{path}")
        return self.page

    def follow(self, link: Locator) -> None:
        """Click ``link`` and wait for what it leads to: clicks on what is not painted are lost."""
        with self.page.expect_event("load"):
            link.click()

    def _check_failure(self, request: Request) -> None:
        # Whoever leaves a page before all of its pictures have come does no harm.
        if request.failure != "net::ERR_ABORTED":
            self._note("failed", f"{request.url} ({request.failure})")

    def _check_host(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme != "data" and address.netloc != urlsplit(self.home).netloc:
            self._note("foreign", request.url)

    def _note(self, kind: str, what: str) -> None:
        self.troubles.append(f"{kind}: {what}")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A gallery of a little more than one page, with fractals of each other status."""
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], project="faafo", default_config_files=[])
    conf.set_override("state_path", str(tmp_path_factory.mktemp("gallery")))
    store = FilesystemStore(conf.filesystem_store_datadir)
    store.check()
    app = create_app(conf, store, "1.2.3")
    with app.app_context():
        schema.upgrade(db.engine)
        uuids = _fill(store)
    server = HttpServer(app, "127.0.0.1", 0, threads=4)
    server.start()
    yield Gallery(server.url, uuids)
    server.stop()
    with app.app_context():
        db.engine.dispose()


def _fill(store: FilesystemStore) -> dict[str, list[str]]:
    png = _png()
    result = {
        "checksum": hashlib.sha256(png).hexdigest(),
        "duration": 0.5,
        "size": len(png),
        "generated_by": "worker-1",
    }
    uuids: dict[str, list[str]] = {"complete": []}
    for _ in range(COMPLETE):
        uuids["complete"].append(_add())
        store.save(uuids["complete"][-1], png)
        outcomes.complete_unfenced(db.session, uuids["complete"][-1], result)
    policy = RetryPolicy(max_attempts=1, delay=0.0, longest_delay=0.0)
    uuids["error"] = [_add()]
    claims.claim(db.session, "producer-1", 1, 3600.0, policy)
    outcomes.fail(db.session, Lease(uuids["error"][0], 1), "a-long-word-" * 30, policy)
    uuids["rendering"] = [_add()]
    claims.claim(db.session, "producer-1", 1, 3600.0, policy)
    uuids["queued"] = [_add() for _ in range(9)]
    return uuids


def _add() -> str:
    task = FractalTask(
        uuid=str(uuidlib.uuid4()),
        width=WIDTH,
        height=HEIGHT,
        iterations=100,
        xa=-1.6123456789012345,
        xb=1.6123456789012345,
        ya=-1.0,
        yb=1.0,
        cx=-0.12345678901234567,
        cy=0.7456789012345678,
    )
    return fractals.add(db.session, task).uuid


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((WIDTH, HEIGHT), (-3, -2.5, 2, 2.5), 100).convert("P").save(
        buffer, "PNG"
    )
    return buffer.getvalue()


@pytest.fixture(params=VISITORS)
def visit(request: pytest.FixtureRequest, new_context, gallery: Gallery) -> Iterator[Visit]:
    """A visit that must not run into anything."""
    visit = Visit(new_context(**VISITORS[request.param]).new_page(), gallery.url)
    yield visit
    assert visit.troubles == []


def _assert_nothing_sticks_out(page: Page) -> None:
    root = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert root[0] <= root[1]


def test_the_gallery_shows_a_page_of_thumbnails(visit: Visit):
    page = visit.go("/")
    thumbnails = page.locator("main a img")
    expect(thumbnails).to_have_count(PAGE_SIZE)
    for number in range(PAGE_SIZE):
        thumbnails.nth(number).scroll_into_view_if_needed()
        expect(thumbnails.nth(number)).to_have_js_property("naturalWidth", 480)
    _assert_nothing_sticks_out(page)


def test_a_thumbnail_leads_to_its_fractal_and_the_image_to_the_original(
    visit: Visit, gallery: Gallery
):
    uuid = gallery.uuids["complete"][-2]
    page = visit.go("/")
    visit.follow(page.locator("main a:has(img)").nth(1))
    expect(page).to_have_url(f"{gallery.url}/fractal/{uuid}")
    expect(page.locator("main a img")).to_have_js_property("naturalWidth", WIDTH)
    expect(page.get_by_text("worker-1")).to_be_visible()
    _assert_nothing_sticks_out(page)
    visit.follow(page.locator("main a:has(img)"))
    expect(page).to_have_url(f"{gallery.url}/api/fractal/{uuid}/image")


def test_one_can_walk_from_fractal_to_fractal(visit: Visit, gallery: Gallery):
    older, middle, newer = gallery.uuids["complete"][3:6]
    page = visit.go(f"/fractal/{middle}")
    visit.follow(page.get_by_role("link", name="Newer"))
    expect(page).to_have_url(f"{gallery.url}/fractal/{newer}")
    for uuid in (middle, older):
        visit.follow(page.get_by_role("link", name="Older"))
        expect(page).to_have_url(f"{gallery.url}/fractal/{uuid}")


def test_one_can_page_to_the_oldest_fractals_and_back(visit: Visit):
    page = visit.go("/")
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    visit.follow(page.get_by_role("link", name="Older"))
    expect(page.locator("main a img")).to_have_count(COMPLETE - PAGE_SIZE)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    visit.follow(page.get_by_role("link", name="Newer"))
    expect(page.locator("main a img")).to_have_count(PAGE_SIZE)


def test_what_is_under_way_is_listed_and_leads_to_its_page(visit: Visit, gallery: Gallery):
    page = visit.go("/")
    being_rendered = page.locator(f'main a[href="/fractal/{gallery.uuids["rendering"][0]}"]')
    visit.follow(being_rendered)
    expect(page.get_by_text("Being rendered")).to_be_visible()
    _assert_nothing_sticks_out(page)
    visit.follow(page.get_by_role("link", name="Gallery"))
    visit.follow(page.get_by_role("link", name="Queued 9"))
    expect(page.locator("main li")).to_have_count(9)
    _assert_nothing_sticks_out(page)


def test_a_failed_fractal_says_why(visit: Visit):
    page = visit.go("/")
    visit.follow(page.get_by_role("link", name="Error 1"))
    expect(page.get_by_text("a-long-word")).to_be_visible()
    _assert_nothing_sticks_out(page)
    visit.follow(page.locator("main li a"))
    expect(page.get_by_text("could not be rendered")).to_be_visible()
    expect(page.get_by_text("a-long-word")).to_be_visible()
    _assert_nothing_sticks_out(page)


def test_the_keyboard_reaches_the_pictures_and_shows_where_it_is(visit: Visit, gallery: Gallery):
    page = visit.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    first = page.locator("main a:has(img)").first
    for _ in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gallery.url}/fractal/{gallery.uuids['complete'][-1]}")


def test_the_style_of_the_pages_is_applied(visit: Visit):
    page = visit.go("/")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(12, 14, 18)")
    expect(page.locator("body")).to_have_css("display", "flex")
