# SPDX-License-Identifier: Apache-2.0
"""Which fractals the gallery shows, in which order, over how many pages."""

import re
from datetime import datetime

import pytest
from sqlalchemy import update

from faafo.db import db, outcomes
from faafo.db.models import Fractal
from faafo.web.excerpt import PAGE_SIZE

SIZES = [(40, 30), (1000, 600), (2000, 3000)]


def shown(page):
    return re.findall(r'<li data-key="([0-9a-f-]{36})"', page.text.split("Under way")[0])


def walk(visitor, address):
    """Return what is shown page by page."""
    pages = []
    while address:
        page = visitor.get(address)
        pages.append(shown(page))
        link = re.search(r'<a rel="next"[^>]*href="([^"]+)"', page.text)
        address = link and link[1].replace("&amp;", "&")
    return pages


@pytest.fixture
def completed(app, queued):
    """Adds a complete fractal without an image."""

    def add(width=40, height=30, duration=1.0):
        uuid = queued(width=width, height=height)
        result = {"checksum": "0" * 64, "duration": duration, "size": 1, "generated_by": "w"}
        with app.app_context():
            outcomes.complete_unfenced(db.session, uuid, result)
        return uuid

    return add


def test_pictures_are_chosen_by_size(visitor, completed):
    uuids = [completed(*size) for size in SIZES]
    for extent, uuid in zip(("small", "medium", "large"), uuids, strict=True):
        assert shown(visitor.get(f"/?size={extent}")) == [uuid]
    assert shown(visitor.get("/?size=any")) == uuids[::-1]


def test_pictures_are_sorted_by_pixels_and_the_newest_of_equals_comes_first(visitor, completed):
    uuids = [completed(*size) for size in (*SIZES, *SIZES)]
    order = [5, 2, 4, 1, 3, 0]
    assert shown(visitor.get("/?sort=largest")) == [uuids[place] for place in order]


def test_pictures_are_sorted_by_how_long_they_took(visitor, completed):
    uuids = [completed(duration=duration) for duration in (2.0, 3.0, 1.0)]
    assert shown(visitor.get("/?sort=longest")) == [uuids[1], uuids[0], uuids[2]]


@pytest.mark.parametrize("sort", ["newest", "longest", "largest"])
def test_every_order_is_paged_without_a_gap_or_a_double(visitor, completed, sort):
    uuids = [
        completed(width=40 + number % 3, duration=float(number % 4))
        for number in range(2 * PAGE_SIZE + 3)
    ]
    pages = walk(visitor, f"/?sort={sort}")
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 3]
    assert sorted(sum(pages, [])) == sorted(uuids)
    last = walk(visitor, f"/?sort={sort}&newer_than={pages[2][0]}")
    assert last == [pages[1], pages[2]]


def test_one_choice_keeps_the_others(visitor, completed):
    completed()
    page = visitor.get("/?size=small&sort=largest").text
    assert 'href="/?size=small&amp;sort=longest"' in page
    assert 'href="/?size=large&amp;sort=largest"' in page
    assert 'href="/?status=queued&amp;size=small&amp;sort=largest"' in page


def test_what_is_not_complete_has_no_duration_to_sort_by(visitor, queued):
    uuids = [queued(), queued()]
    assert shown(visitor.get("/?status=queued&sort=longest")) == uuids[::-1]


@pytest.mark.parametrize("query", ["size=huge", "sort=best", "status=lost", "older_than=5"])
def test_an_address_that_makes_no_sense_is_not_found(visitor, query):
    assert visitor.get(f"/?{query}").status_code == 404


def test_a_page_cannot_go_on_behind_what_has_no_place_in_its_order(visitor, queued):
    assert visitor.get(f"/?sort=longest&older_than={queued()}").status_code == 404


def test_the_page_tells_how_many_were_completed_in_the_last_minute(visitor, completed):
    assert "0 in the last minute" in visitor.get("/").text
    completed()
    assert "1 in the last minute" in visitor.get("/").text


def test_a_page_that_has_not_changed_is_not_sent_again(visitor, completed):
    completed()
    answer = visitor.get("/")
    again = visitor.get("/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    completed()
    assert visitor.get("/", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


@pytest.fixture
def various(app, completed):
    """Three complete fractals, oldest first, of different palettes, workers and days."""
    made = []
    for number, (palette, worker) in enumerate(
        [("dawn", "w-1"), ("dawn", "W-1"), ("grey", "w-1")], start=1
    ):
        made.append(completed())
        change = {
            "palette": palette,
            "generated_by": worker,
            "created_at": datetime(2026, 3, number, 23, 59, 59),
        }
        with app.app_context():
            db.session.execute(update(Fractal).where(Fractal.uuid == made[-1]).values(**change))
            db.session.commit()
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("palette=dawn", [1, 0]),
        ("worker=w-1", [2, 0]),
        ("palette=dawn&worker=w-1", [0]),
        ("palette=tides", []),
        ("until=2026-03-02", [1, 0]),
        ("since=2026-03-02", [2, 1]),
        ("since=2026-03-02&until=2026-03-02", [1]),
        ("since=2026-03-04", []),
        ("until=2026-02-28", []),
        ("until=9999-12-31&palette=&worker=&since=&uuid=", [2, 1, 0]),
        ("palette=dawn&sort=largest&size=small", [1, 0]),
        ("palette=dawn&sort=longest&until=2026-03-01", [0]),
        ("palette=dawn&size=large", []),
        ("palette=dawn&status=error", []),
    ],
)
def test_a_filter_leaves_what_meets_all_of_it(visitor, various, query, expected):
    assert shown(visitor.get(f"/?{query}")) == [various[number] for number in expected]


def test_a_fractal_is_found_by_the_beginning_of_its_uuid(visitor, queued):
    first, second = "aaaa1111-2222-4333-8444-555555555555", "aaab1111-2222-4333-8444-555555555555"
    for uuid in (first, second):
        queued(uuid=uuid)
    for text, expected in [
        ("a", [second, first]),
        (" AAAA1", [first]),
        (first, [first]),
        (second.upper(), [second]),
        ("aaab111122224", [second]),
        ("aaab1111-", [second]),
        ("aaac", []),
    ]:
        page = visitor.get("/", query_string={"status": "queued", "uuid": text})
        assert shown(page) == expected


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("palette=mauve", "palette: must be one of original, "),
        ("worker=a%00b", "worker: must be the name of a worker"),
        ("worker=" + "w" * 256, "at most 255 characters"),
        ("since=yesterday", "since: must be a day such as 2026-01-31, not &#39;yesterday&#39;"),
        ("until=2026-02-30", "until: must be a day"),
        ("uuid=xyz", "uuid: must be the beginning of a uuid"),
        ("uuid=" + "0" * 33, "of 1 to 32 hexadecimal digits"),
    ],
)
def test_a_bad_value_of_a_filter_is_refused_with_its_field(visitor, query, sentence):
    answer = visitor.get(f"/?{query}")
    assert answer.status_code == 400
    assert sentence in answer.text


def test_links_and_pages_keep_the_filter_and_the_form_the_rest(app, visitor, completed):
    for _ in range(PAGE_SIZE + 1):
        completed()
    pages = walk(visitor, "/?worker=w&size=small")
    assert [len(page) for page in pages] == [PAGE_SIZE, 1]
    page = visitor.get("/?worker=w&size=small").text
    assert 'href="/?size=small&amp;sort=longest&amp;worker=w"' in page
    assert '<input type="hidden" name="size" value="small">' in page
    assert 'name="worker" value="w"' in page
    assert 'href="/?size=small">All of them' in page
