# SPDX-License-Identifier: Apache-2.0
"""Refused requests of the pages in Chromium: which are repeated, when, and how often.

No worker is there: tiles have only the answers of the proxy that a test puts in between.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.functional.test_gallery import (  # noqa: F401
    PATIENCE,
    Gallery,
    browser_type_launch_args,
    gallery,
)

TASK = {
    "width": 64, "height": 48, "iterations": 10,
    "xa": -1.6, "xb": 1.6, "ya": -1.2, "yb": 1.2,
}  # fmt: skip
MOVED = "document.querySelectorAll('.plane canvas').length"


@pytest.fixture
def page(new_context, gallery: Gallery) -> Page:  # noqa: F811
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE)
    return page


@pytest.fixture
def explore(page: Page, gallery: Gallery) -> Callable[..., list[tuple[float, str]]]:  # noqa: F811
    """Opens the explorer behind a proxy; returns time and address of each request for a tile."""

    def open_explorer(answer: Callable[[Route], None]) -> list[tuple[float, str]]:
        calls: list[tuple[float, str]] = []

        def note(route: Route) -> None:
            # The thumbnails of named constants are images, which are requested once.
            if route.request.resource_type == "fetch":
                calls.append((time.monotonic(), route.request.url))
            answer(route)

        page.route("**/tile/**", note)
        page.goto(f"{gallery.url}/explore?zoom=1")
        return calls

    return open_explorer


def problem(page: Page):
    return page.locator("#problem")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 500])
def test_a_tile_that_is_refused_for_good_is_requested_once(page: Page, explore, status: int):
    calls = explore(lambda route: route.fulfill(status=status, json={"message": f"no: {status}"}))
    expect(problem(page)).to_have_text(f"no: {status}")
    page.locator("#plane").press("+")
    expect(page.locator("#place")).to_contain_text("Zoom 2 ")
    page.wait_for_function(f"() => {MOVED} > 4")
    page.wait_for_load_state("networkidle")
    assert len(calls) > 4
    assert set(Counter(address for _, address in calls).values()) == {1}


def test_an_answer_that_is_no_picture_is_no_tile(page: Page, explore):
    explore(lambda route: route.fulfill(status=200, body="<h1>Log in</h1>"))
    expect(problem(page)).to_have_text("the answer is not a tile")


@pytest.mark.parametrize("status", [429, 503])
def test_a_tile_that_may_come_later_is_requested_after_retry_after(
    page: Page, explore, status: int
):
    def answer(route: Route) -> None:
        message = {"message": "too many tiles"}
        route.fulfill(status=status, json=message, headers={"Retry-After": "2"})

    calls = explore(answer)
    expect(problem(page)).to_contain_text("No tiles at the moment: too many tiles")
    # The view has four tiles, which are requested together; then one at a time.
    while len(calls) < 7:
        page.wait_for_timeout(100)
        assert time.monotonic() < calls[0][0] + PATIENCE / 1000
    later = [called_at for called_at, _ in calls[3:]]
    assert all(after - before > 1.9 for before, after in itertools.pairwise(later))


def test_attempts_become_rarer_end_and_begin_again_with_a_press(page: Page, explore):
    page.clock.install()
    calls = explore(lambda route: route.fulfill(status=503, json={"message": "out of order"}))
    for _ in range(60):
        page.clock.run_for(40_000)
        if "Given up" in problem(page).text_content():
            break
    expect(problem(page)).to_contain_text("out of order. Given up after 10 minutes")
    attempts = len(calls)
    assert attempts < 60
    page.clock.run_for(3_600_000)
    assert len(calls) == attempts
    page.get_by_role("button", name="Show").click()
    while len(calls) == attempts:
        page.clock.run_for(100)


def test_a_fractal_that_is_gone_is_no_longer_followed(page: Page, gallery: Gallery):  # noqa: F811
    uuid = requests.post(f"{gallery.url}/api/fractal", json=TASK, timeout=30).json()["uuid"]
    page.goto(f"{gallery.url}/fractal/{uuid}")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    requests.delete(f"{gallery.url}/api/fractal/{uuid}", timeout=30)
    expect(page.locator("#stale")).to_contain_text("This page is no longer updated")


def test_a_fractal_of_the_explorer_that_is_gone_is_no_longer_followed(
    page: Page,
    gallery: Gallery,  # noqa: F811
):
    page.goto(f"{gallery.url}/explore")
    page.get_by_role("button", name="Render this").click()
    link = page.locator("#rendered a")
    expect(page.locator("#rendered")).to_contain_text("Waiting for a worker")
    uuid = link.get_attribute("href").rpartition("/")[2]
    requests.delete(f"{gallery.url}/api/fractal/{uuid}", timeout=30)
    expect(page.locator("#rendered")).to_contain_text("Rejected: ")
