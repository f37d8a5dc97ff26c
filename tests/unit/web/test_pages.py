# SPDX-License-Identifier: Apache-2.0
import re

import pytest
from sqlalchemy import event, text, update

from faafo.core.collaborators import collaborators
from faafo.core.reading import CHANNEL
from faafo.db import db
from faafo.db.models import Fractal
from faafo.web.excerpt import PAGE_SIZE
from faafo.web.words import LABELS

UNKNOWN = "00000000-0000-4000-8000-ffffffffffff"


def fractals_on(page: str) -> list[str]:
    """Return the uuids of the fractals whose thumbnails a page shows, in order."""
    return re.findall(r'src="/fractal/([0-9a-f-]{36})/thumbnail', page)


def link(page: str, rel: str) -> str | None:
    """Return where the link with that relation leads."""
    found = re.search(rf'<a rel="{rel}"[^>]* href="([^"]+)"', page)
    return found and found[1].replace("&amp;", "&")


def walk(visitor, url: str, rel: str) -> list[list[str]]:
    """Return the fractals on each page from ``url`` on, following the links with a relation."""
    pages = []
    # Pages that lead round in a circle are a wrong answer, not an endless test.
    while url and len(pages) < 10:
        page = visitor.get(url).text
        pages.append(fractals_on(page))
        url = link(page, rel)
    return pages


def test_an_empty_gallery_says_what_to_do(visitor):
    page = visitor.get("/")
    assert page.status_code == 200
    assert "No pictures yet" in page.text
    assert "/openapi/swagger" in page.text
    assert "curl" in page.text


def test_a_gallery_whose_first_pictures_are_under_way_says_so(visitor, queued):
    queued()
    page = visitor.get("/").text
    assert "first pictures are being rendered" in page
    assert "No pictures yet" not in page


def test_the_gallery_shows_the_newest_first(visitor, complete):
    uuids = [complete() for _ in range(3)]
    assert fractals_on(visitor.get("/").text) == uuids[::-1]


def test_the_gallery_shows_thumbnails_with_their_size_and_never_the_image(visitor, complete):
    uuid = complete(width=800, height=400)
    page = visitor.get("/").text
    assert f' href="/fractal/{uuid}">' in page
    tag = re.search(r"<img[^>]*thumbnail[^>]*>", page)[0]
    assert 'width="480" height="240"' in tag
    assert 'loading="lazy"' in tag
    assert 'alt="Julia set of c = −0.8 + 0.156i, 800 × 400 pixels"' in tag
    assert "/image" not in page


def test_the_thumbnails_of_the_gallery_may_be_kept_for_good(visitor, complete):
    complete()
    url = re.search(r'src="(/fractal/[^"]+thumbnail[^"]*)"', visitor.get("/").text)[1]
    assert visitor.get(url).cache_control.immutable


def test_the_gallery_shows_what_is_under_way(visitor, rendering, queued, complete):
    complete()
    being_rendered = rendering(width=123, height=45, iterations=6789)
    waiting = queued()
    page = visitor.get("/").text
    assert f"/fractal/{being_rendered}" in page
    assert "123 × 45, 6,789 iterations, attempt 1" in page
    assert f"/fractal/{waiting}" in page


def test_the_gallery_counts_each_status(visitor, rendering, failed, complete, queued):
    failed()
    rendering()
    for _ in range(2):
        complete()
    for _ in range(7):
        queued()
    page = visitor.get("/").text
    counts = re.findall(r"</span>(\w+)\s*<span class=\"count\">(\d+)<", page)
    assert counts == [("Complete", "2"), ("Rendering", "1"), ("Queued", "7"), ("Error", "1")]
    assert "and 3 more" in page


def test_fractals_of_another_status_have_their_own_list(visitor, failed, complete):
    uuid = failed(fault="the disk is full")
    complete()
    page = visitor.get("/?status=error").text
    assert f"/fractal/{uuid}" in page
    assert "the disk is full" in page
    assert fractals_on(page) == []


@pytest.mark.parametrize("status", ["queued", "rendering", "error"])
def test_a_status_that_no_fractal_has_says_so(visitor, status):
    assert "Nothing here" in visitor.get(f"/?status={status}").text


def test_older_pages_show_every_fractal_once(visitor, complete, queued):
    uuids = [complete() for _ in range(4 * PAGE_SIZE + 7)]
    queued()
    pages = walk(visitor, "/", "next")
    assert [len(page) for page in pages] == [PAGE_SIZE] * 4 + [7]
    assert sum(pages, []) == uuids[::-1]


def test_newer_pages_lead_back_to_the_first_one_which_is_full(visitor, complete):
    for _ in range(2 * PAGE_SIZE + 5):
        complete()
    first, second, third = walk(visitor, "/", "next")
    assert walk(visitor, f"/?older_than={second[-1]}", "prev") == [third, second, first]
    newest = complete()
    with_newest = [newest, *first[:-1]]
    assert walk(visitor, f"/?newer_than={second[0]}", "prev") == [first, with_newest]


def test_a_page_shows_the_same_while_new_fractals_arrive(visitor, complete):
    for _ in range(PAGE_SIZE + 3):
        complete()
    url = link(visitor.get("/").text, "next")
    before = fractals_on(visitor.get(url).text)
    complete()
    assert fractals_on(visitor.get(url).text) == before


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE])
def test_what_fits_on_one_page_has_no_links_to_others(visitor, complete, count):
    for _ in range(count):
        complete()
    page = visitor.get("/").text
    assert (link(page, "next"), link(page, "prev")) == (None, None)


def test_pages_of_another_status_stay_with_it(visitor, queued):
    for _ in range(PAGE_SIZE + 1):
        queued()
    url = link(visitor.get("/?status=queued").text, "next")
    older = visitor.get(url).text
    assert 'href="/?status=queued" aria-current="page"' in older
    assert link(older, "prev").startswith("/?status=queued")


def test_a_page_beyond_the_oldest_fractal_is_the_first_page(visitor, complete):
    uuid = complete()
    assert fractals_on(visitor.get(f"/?older_than={uuid}").text) == [uuid]
    assert fractals_on(visitor.get(f"/?newer_than={uuid}").text) == [uuid]


@pytest.mark.parametrize("name", ["older_than", "newer_than"])
def test_a_marker_that_is_gone_is_explained(visitor, name):
    page = visitor.get(f"/?{name}={UNKNOWN}")
    assert page.status_code == 404
    assert f"there is no fractal {UNKNOWN}" in page.text
    assert "Back to the gallery" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "older_than=",
        "older_than=5",
        "newer_than=%00",
        "newer_than='; DROP TABLE fractal",
        "older_than=" + "9" * 5000,
        "older_than=%ff%fe",
        "status=",
        "status=none",
        "status=%F0%9F%8C%80",
        "status=Status.QUEUED",
    ],
)
def test_nonsense_in_the_address_is_a_page_that_was_not_found(visitor, query):
    page = visitor.get(f"/?{query}")
    assert (page.status_code, page.mimetype) == (404, "text/html")


@pytest.mark.parametrize("query", ["page=-1", "page=abc", "utm_source=x", "results_per_page=0"])
def test_parameters_that_mean_nothing_change_nothing(visitor, complete, query):
    uuid = complete()
    assert fractals_on(visitor.get(f"/?{query}").text) == [uuid]


def test_a_complete_fractal_shows_its_image_and_all_that_is_known(visitor, complete, app):
    uuid = complete(width=40, height=30, iterations=1234, xa=-1.25, yb=0.75, cx=-0.5, cy=-0.25)
    page = visitor.get(f"/fractal/{uuid}").text
    # The file is larger than a preview may be.
    checksum = visitor.get(f"/api/fractal/{uuid}").json["checksum"]
    preview = f'src="/fractal/{uuid}/thumbnail?form=preview&amp;checksum={checksum}"'
    full = f'data-full="/api/fractal/{uuid}/image" width="40" height="30"'
    assert f"{preview} {full}" in page
    assert f'href="/api/fractal/{uuid}/image"' in page
    assert f'href="/api/fractal/{uuid}"' in page
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL))
    facts = {
        name: re.sub(r"<button.*|<[^>]*>", "", value, flags=re.DOTALL).strip()
        for name, value in facts.items()
    }
    record = visitor.get(f"/api/fractal/{uuid}").json
    assert facts == {
        "Status": "complete",
        "Width in pixels": "40",
        "Height in pixels": "30",
        "Iterations": "1,234",
        **{LABELS[name]: str(record[name]) for name in ("xa", "xb", "ya", "yb", "cx", "cy")},
        "Palette": "original",
        "Formula": "z² + c",
        "Colouring": "bands",
        "Samples a pixel": "1 × 1",
        "Offset": "0",
        "Density": "1",
        "Inside": "that of the palette",
        "File": "1.2 MiB (1,234,567 bytes)",
        "Uuid": uuid,
        "Checksum (SHA-256)": record["checksum"],
    }
    assert record["created_at"] in page
    assert "Rendered in 1.2 s" in page
    assert re.search(r"by worker <a [^>]*>worker-1<", page)
    assert "http-equiv" not in page


def test_a_fractal_links_its_complete_neighbours(visitor, complete, queued):
    older, between, this, newer = complete(), queued(), complete(), complete()
    page = visitor.get(f"/fractal/{this}").text
    assert link(page, "prev") == f"/fractal/{newer}"
    assert link(page, "next") == f"/fractal/{older}"
    assert between not in page


def test_the_only_fractal_has_no_neighbours(visitor, complete):
    page = visitor.get(f"/fractal/{complete()}").text
    assert (link(page, "prev"), link(page, "next")) == (None, None)


def test_a_queued_fractal_says_so_and_looks_again(visitor, queued):
    page = visitor.get(f"/fractal/{queued()}").text
    assert "Waiting for a worker" in page
    assert '<meta http-equiv="refresh"' in page
    assert "/image" not in page


def test_a_fractal_that_is_being_rendered_says_so_and_looks_again(visitor, rendering):
    page = visitor.get(f"/fractal/{rendering()}").text
    assert "Being rendered" in page
    assert '<meta http-equiv="refresh"' in page
    assert "/image" not in page


def test_a_failed_fractal_says_why_and_does_not_look_again(visitor, failed):
    page = visitor.get(f"/fractal/{failed(fault='the disk is full')}").text
    assert "could not be rendered" in page
    assert "the disk is full" in page
    assert "http-equiv" not in page


@pytest.mark.parametrize("path", [f"/fractal/{UNKNOWN}", "/fractal/5", "/fractal/", "/nowhere"])
def test_what_does_not_exist_is_a_page_that_was_not_found(visitor, path):
    page = visitor.get(path)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Back to the gallery" in page.text


def test_a_uuid_in_capitals_is_the_same_fractal(visitor, complete):
    uuid = complete(uuid="abcdefab-cdef-4abc-8def-abcdefabcdef")
    assert visitor.get(f"/fractal/{uuid.upper()}").status_code == 200


def test_what_others_have_written_is_shown_as_text(visitor, complete, failed):
    script = "<script>alert(1)</script>"
    complete_page = visitor.get(f"/fractal/{complete(generated_by=script)}").text
    failed_page = visitor.get(f"/fractal/{failed(fault=script)}").text
    for page in (complete_page, failed_page, visitor.get("/?status=error").text):
        assert "alert(1)" in page
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_no_query_of_a_page_reads_the_whole_table(app, visitor, complete, queued, rendering):
    rendering()
    queued()
    uuids = [complete() for _ in range(3)]
    statements = []
    with app.app_context():
        engine = db.engine

    def remember(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    try:
        visitor.get("/")
        for name in ("older_than", "newer_than"):
            visitor.get(f"/?{name}={uuids[1]}")
        visitor.get("/?status=queued")
        visitor.get("/?palette=original&since=2000-01-01")
        visitor.get("/?worker=worker-1&until=2999-01-01")
        visitor.get(f"/fractal/{uuids[1]}")
        visitor.get(f"/fractal/{uuids[1]}/thumbnail")
    finally:
        event.remove(engine, "before_cursor_execute", remember)
    assert len(statements) > 15
    with engine.connect() as connection:
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for row in rows:
                assert "TEMP B-TREE" not in row.detail
                assert "SCAN" not in row.detail or "COVERING INDEX" in row.detail


def test_an_outage_of_the_database_is_a_page(app, visitor):
    with app.app_context():
        db.session.execute(text("DROP TABLE fractal"))
        db.session.commit()
    page = visitor.get("/")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "Retry-After" in page.headers
    assert "fractal" not in page.text.split("<main")[1].split("</main")[0]


def test_pages_that_change_name_the_stream_of_their_events_if_there_can_be_one(
    app, visitor, queued, complete
):
    with app.app_context():
        streams = collaborators().streams
    # With our HTTP server.
    ours = {CHANNEL: None}
    unfinished, finished = queued(), complete()
    expected = {
        "/": '/api/event?scope=project">',
        "/?scope=shared": '/api/event?scope=shared">',
        f"/fractal/{unfinished}": f'/api/event?fractal={unfinished}">',
        f"/fractal/{finished}": None,
    }
    for path, address in expected.items():
        for is_open, environ in ((False, ours), (True, {}), (True, ours)):
            streams.is_open = is_open
            page = visitor.get(path, environ_overrides=environ).text
            there = is_open and environ is ours and address is not None
            assert ("text/event-stream" in page) == there
            assert not there or address in page


def test_a_small_picture_is_shown_itself_and_a_link_elsewhere_shows_a_card(visitor, complete, app):
    uuid = complete()
    with app.app_context():
        db.session.execute(update(Fractal).where(Fractal.uuid == uuid).values(size=300_000))
        db.session.commit()
    page = visitor.get(f"/fractal/{uuid}").text
    assert f'src="/api/fractal/{uuid}/image" width="40" height="30"' in page
    assert "data-full" not in page
    card = re.search(r'property="og:image" content="http://localhost([^"]*)"', page)[1]
    answer = visitor.get(card.replace("&amp;", "&"))
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.cache_control.immutable


def test_a_fractal_that_is_drawn_in_another_way_says_how(visitor, complete):
    drawing = {"formula": "burning-ship", "colouring": "smooth", "samples": 2, "offset": 0.25}
    page = visitor.get(f"/fractal/{complete(**drawing, inside='#102030')}").text
    for words in ("Burning Ship", "smooth", "2 × 2", "0.25", "#102030"):
        assert f"<dd>{words}</dd>" in page
