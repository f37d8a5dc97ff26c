# SPDX-License-Identifier: Apache-2.0
import re

import pytest

PAGES = ["/", "/?status=error", "/nowhere", "complete", "queued", "failed"]


@pytest.fixture
def answer(request, visitor, complete, queued, failed):
    """The answer to a request for one of PAGES."""
    makers = {"failed": failed, "complete": complete, "queued": queued}
    uuids = {status: make() for status, make in makers.items()}
    path = request.param
    return visitor.get(f"/fractal/{uuids[path]}" if path in uuids else path)


@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_every_page_forbids_what_it_never_does(answer):
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_no_page_has_anything_that_its_policy_forbids(answer):
    for script in re.findall(r"<script[^>]*>.*?</script>", answer.text, re.DOTALL):
        assert re.fullmatch(r'<script type="module" src="/web/[^"]+"></script>', script)
    assert "<style" not in answer.text
    assert not re.search(r"\s(style|on\w+)=", answer.text)


@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_no_page_refers_to_another_host(answer):
    # What a link elsewhere shows has a full address.
    text = re.sub(r'<meta property="og:[^>]*content="http://localhost/[^>]*>', "", answer.text)
    # A swatch is in the page itself.
    text = re.sub(r'src="data:image/png;base64,[^"]*"', "", text)
    addresses = re.findall(r"\b(?:href|src|srcset|action|content)=\"([^\"]*)\"", text)
    assert addresses
    assert not [address for address in addresses if "//" in address]


@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_every_page_has_a_title_a_main_part_and_the_version(answer):
    assert re.search(r"<title>[^<]+ · faafo</title>", answer.text)
    assert answer.text.count("<h1") == answer.text.count("<main") == 1
    assert "faafo 1.2.3" in answer.text
    assert '<html lang="en"' in answer.text


@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_every_file_a_page_needs_is_there(answer, visitor):
    for address in re.findall(r"<(?:link|img)[^>]* (?:href|src)=\"(/[^\"]*)\"", answer.text):
        answer = visitor.get(address.replace("&amp;", "&"), buffered=True)
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_style_sheet_of_a_page_refers_to_another_host(visitor):
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]*)"', visitor.get("/").text)
    assert len(sheets) == 2
    for sheet in sheets:
        text = visitor.get(sheet, buffered=True).text
        assert not [url for url in re.findall(r"url\(([^)]*)", text) if "data:" not in url]


def test_the_documentation_of_the_api_keeps_its_scripts(visitor):
    answer = visitor.get("/openapi/swagger")
    assert answer.status_code == 200
    assert "Content-Security-Policy" not in answer.headers


def test_an_image_by_itself_has_no_policy_not_even_later(visitor, complete):
    url = f"/api/fractal/{complete()}/image"
    answer = visitor.get(url, buffered=True)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    unchanged = visitor.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304
    for headers in (answer.headers, unchanged.headers):
        assert "Content-Security-Policy" not in headers


def test_the_icon_is_where_browsers_look(visitor):
    answer = visitor.get("/favicon.ico", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_scripts_are_asked_for_again_and_styles_are_kept_for_a_while(visitor):
    with visitor.get("/web/live/main.js") as script:
        assert script.cache_control.max_age == 0 or script.cache_control.no_cache
        known = {"If-None-Match": script.headers["ETag"]}
    with visitor.get("/web/live/main.js", headers=known) as again:
        assert again.status_code == 304
    with visitor.get("/web/faafo.css") as style:
        assert style.cache_control.max_age > 0
