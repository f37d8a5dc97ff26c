# SPDX-License-Identifier: Apache-2.0
"""The API's documentation in Chromium: "Try it out" works as it stands, and pages fit a phone."""

from collections import Counter

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from faafo.fractal.task import FractalTask
from tests.functional.test_gallery import (  # noqa: F401
    Gallery,
    browser_type_launch_args,
    gallery,
)
from tests.plain_loop import plain_counts

# What can be sent without an edit, and the status it is answered with.
READY = {
    "GET /api/fractal": 200,
    "POST /api/fractal": 201,
    "POST /api/claim": 200,
    "PUT /api/claim": 200,
    "GET /healthcheck": 200,
    "GET /healthcheck/store": 200,
}
# No worker renders tiles here.
WITHOUT_WORKER = {"GET /tile/{z}/{x}/{y}.png": 503}
SAMPLE_WIDTH = 96


@pytest.fixture
def page(new_context, gallery: Gallery) -> Page:  # noqa: F811
    """The documentation with all calls listed."""
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{gallery.url}/openapi/swagger")
    expect(page.locator(".opblock").first).to_be_visible()
    return page


def _try_out(page: Page, call: str) -> Locator:
    method, path = call.split()
    block = page.locator(f".opblock-{method.lower()}").filter(
        has=page.locator(f'[data-path="{path}"]')
    )
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def _execute(page: Page, block: Locator) -> int:
    with page.expect_response(lambda answer: "/openapi" not in answer.url) as caught:
        block.get_by_role("button", name="Execute").click()
    return caught.value.status


def test_try_it_out_works_without_an_edit_and_again(page: Page):
    for call, expected in (READY | WITHOUT_WORKER).items():
        block = _try_out(page, call)
        assert [_execute(page, block) for _ in range(2)] == [expected, expected], call


def test_try_it_out_posts_a_picture_worth_looking_at(page: Page, gallery: Gallery):  # noqa: F811
    block = _try_out(page, "POST /api/fractal")
    assert _execute(page, block) == 201
    record = requests.get(f"{gallery.url}/api/fractal", timeout=30).json()["objects"][0]
    assert record["width"] >= 640
    task = FractalTask.model_validate(
        {name: record[name] for name in FractalTask.model_fields if name in record}
        | {"width": SAMPLE_WIDTH, "height": SAMPLE_WIDTH * record["height"] // record["width"]}
    )
    counts = Counter(count for row in plain_counts(task) for count in row)
    assert len(counts) >= 50
    assert counts.most_common(1)[0][1] < sum(counts.values()) / 3


def test_a_new_fractal_needs_no_uuid_and_the_example_has_none(gallery: Gallery):  # noqa: F811
    document = requests.get(f"{gallery.url}/openapi/openapi.json", timeout=30).json()
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            body = call.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                assert body["example"], (path, method)
                assert "uuid" not in body["example"]


@pytest.mark.parametrize("path", ["/openapi/", "/openapi/swagger"])
@pytest.mark.parametrize("widths", [(320, 390), (1280,)], ids=["phone", "desk"])
def test_the_documentation_fits(new_context, gallery: Gallery, path: str, widths):  # noqa: F811
    viewport = {"width": widths[0], "height": 844}
    page = new_context(viewport=viewport, is_mobile=len(widths) > 1).new_page()
    page.goto(gallery.url + path)
    page.wait_for_load_state("networkidle")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        content, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert content <= shown <= width
