# SPDX-License-Identifier: Apache-2.0
"""Stars and collections in Chromium, while the page updates itself."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from tests.functional.test_gallery import (  # noqa: F401
    Gallery,
    Visit,
    browser_type_launch_args,
    gallery,
)

# Milliseconds: a page asks for news every 1.5 s.
TWO_UPDATES = 4000


@pytest.fixture
def visit(gallery: Gallery, new_context) -> Iterator[Visit]:  # noqa: F811
    """A page that may not have any trouble; there are no favourites."""
    visit = Visit(new_context(viewport={"width": 1280, "height": 800}).new_page(), gallery.url)
    yield visit
    assert visit.troubles == []
    mine = requests.get(f"{gallery.url}/api/collection/mine", timeout=60).url
    for uuid in favourites(gallery):
        requests.delete(f"{mine}/fractal/{uuid}", timeout=60).raise_for_status()


def favourites(gallery: Gallery) -> set[str]:  # noqa: F811
    mine = requests.get(f"{gallery.url}/api/collection/mine", timeout=60).json()["uuid"]
    answer = requests.get(f"{gallery.url}/api/fractal?collection={mine}", timeout=60)
    return {one["uuid"] for one in answer.json()["objects"]}


def add_favourites(gallery: Gallery, count: int) -> list[str]:  # noqa: F811
    mine = requests.get(f"{gallery.url}/api/collection/mine", timeout=60).url
    added = gallery.uuids["complete"][-count:]
    for uuid in added:
        requests.put(f"{mine}/fractal/{uuid}", timeout=60).raise_for_status()
    return added


def star_of(page: Page, uuid: str) -> Locator:
    return page.locator(f'[data-key="{uuid}"]').get_by_role("button", name="Favourite")


def test_a_star_keeps_the_focus_and_is_taken_back_by_the_same_key(visit: Visit, gallery: Gallery):  # noqa: F811
    page, uuid = visit.go("/"), gallery.uuids["complete"][-1]
    star = star_of(page, uuid)
    star.focus()
    for pressed, text in (("true", "★"), ("false", "☆"), ("true", "★")):
        page.keyboard.press("Enter")
        expect(star).to_have_attribute("aria-pressed", pressed)
        expect(star).to_have_text(text)
        page.wait_for_timeout(TWO_UPDATES)
        expect(star).to_be_focused()
        assert favourites(gallery) == ({uuid} if pressed == "true" else set())


def test_a_double_click_is_one_star(visit: Visit, gallery: Gallery):  # noqa: F811
    page, uuid = visit.go("/"), gallery.uuids["complete"][-1]
    star_of(page, uuid).dblclick()
    expect(star_of(page, uuid)).to_have_text("★")
    # As if the answer to the first click had come before the second one.
    star_of(page, uuid).dispatch_event("click", {"detail": 2})
    page.wait_for_timeout(TWO_UPDATES)
    expect(star_of(page, uuid)).to_have_text("★")
    assert favourites(gallery) == {uuid}


def test_a_favourite_under_the_pointer_shows_that_it_is_none_any_more(
    visit: Visit,
    gallery: Gallery,  # noqa: F811
):
    gone, kept = add_favourites(gallery, 2)
    page = visit.go("/my")
    star = star_of(page, gone)
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(TWO_UPDATES)
    expect(star).to_have_text("☆")
    assert favourites(gallery) == {kept}
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(TWO_UPDATES)
    assert favourites(gallery) == {gone, kept}
    star.click()
    page.mouse.move(0, 0)
    star.evaluate("(button) => button.blur()")
    expect(star).to_have_count(0)


def test_an_answer_that_comes_late_does_not_take_a_star_back(visit: Visit, gallery: Gallery):  # noqa: F811
    page, uuid = visit.go("/"), gallery.uuids["complete"][-1]
    late: list[Route] = []

    def hold(route: Route) -> None:
        """Keep the first answer of the server for later."""
        if late:
            route.continue_()
        else:
            late.append(route)

    page.route(f"{gallery.url}/", hold)
    while not late:
        page.wait_for_timeout(100)
    answer = late[0].fetch()
    star = star_of(page, uuid)
    star.click()
    expect(star).to_have_text("★")
    page.evaluate(
        "(uuid) => new MutationObserver(() => {"
        " const star = document.querySelector(`[data-key='${uuid}'] .star button`);"
        " window.isTakenBack ||= star.textContent === '☆'; })"
        ".observe(document.body, { childList: true, characterData: true, subtree: true })",
        uuid,
    )
    late[0].fulfill(response=answer)
    page.wait_for_timeout(TWO_UPDATES)
    assert not page.evaluate("window.isTakenBack")


def test_the_list_of_collections_stays_open_on_the_page_of_a_fractal_that_is_rendered(
    visit: Visit,
    gallery: Gallery,  # noqa: F811
):
    made = {"name": "Dust"}
    requests.post(f"{gallery.url}/api/collection", json=made, timeout=60).raise_for_status()
    page = visit.go(f"/fractal/{gallery.uuids['rendering'][0]}")
    page.get_by_text("Put into a collection").click()
    page.wait_for_timeout(TWO_UPDATES)
    visit.follow(page.get_by_role("button", name="Dust"))
    expect(page.get_by_role("button", name="Take out of Dust")).to_be_visible()


def test_the_longest_name_of_a_collection_fits_on_a_phone(visit: Visit, gallery: Gallery):  # noqa: F811
    made = {"name": 255 * "x"}
    uuid = requests.post(f"{gallery.url}/api/collection", json=made, timeout=60).json()["uuid"]
    path, inside, outside = f"/collection/{uuid}", *gallery.uuids["complete"][:2]
    requests.put(f"{gallery.url}/api{path}/fractal/{inside}", timeout=60).raise_for_status()
    visit.page.set_viewport_size({"width": 360, "height": 800})
    for place in (
        "/collections",
        path,
        f"{path}/delete",
        f"/fractal/{inside}",
        f"/fractal/{outside}",
    ):
        page = visit.go(place)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), place
    requests.delete(f"{gallery.url}/api{path}", timeout=60).raise_for_status()
