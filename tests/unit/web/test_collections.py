# SPDX-License-Identifier: Apache-2.0
"""The pages of collections, and the star by which a fractal becomes a favourite."""

import re

import pytest


def pictures(page):
    return re.findall(r'<li data-key="([0-9a-f-]{36})"', page)


def star(visitor, uuid, **form):
    return visitor.post(f"/fractal/{uuid}/star", data={"next": "/?sort=largest", **form})


@pytest.fixture
def named(visitor):
    """The address of a named collection."""
    answer = visitor.post("/collections", data={"name": " Dust & <ashes> "})
    assert answer.status_code == 303
    return answer.location


def test_a_part_of_a_poster_is_put_into_no_collection(visitor, named):
    body = {"width": 8, "height": 6, "iterations": 9, "xa": -1, "xb": 1, "ya": -1, "yb": 1}
    parent = visitor.post("/api/fractal", json=body | {"split": 2}).json["uuid"]
    part = visitor.get(f"/api/fractal?children={parent}").json["objects"][0]["uuid"]
    answers = (
        star(visitor, part, starred="true"),
        visitor.post(f"{named}/fractal/{part}", data={"member": "true"}),
    )
    assert [answer.status_code for answer in answers] == [409, 409]
    assert star(visitor, parent, starred="true").status_code == 303


def test_a_star_puts_a_fractal_among_the_favourites_and_takes_it_out(visitor, complete):
    starred, other = complete(), complete()
    answer = star(visitor, starred, starred="true")
    assert (answer.status_code, answer.location) == (303, "/?sort=largest")
    mine = visitor.get("/my").location
    page = visitor.get(mine).text
    assert pictures(page) == [starred]
    assert 'aria-pressed="true"' in page
    gallery = visitor.get("/").text
    assert pictures(gallery) == [other, starred]
    assert re.findall('aria-pressed="([a-z]+)"', gallery) == ["false", "true"]
    star(visitor, starred)
    assert pictures(visitor.get(mine).text) == []
    assert "There is no picture here yet." in visitor.get(mine).text


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_star_leads_back_to_no_other_site(visitor, complete, path):
    assert star(visitor, complete(), next=path).location == "/"


def test_a_star_from_another_site_is_refused(visitor, complete):
    uuid = complete()
    for address in (f"/fractal/{uuid}/star", "/collections"):
        answer = visitor.post(
            address,
            data={"starred": "true", "name": "x"},
            headers={"Origin": "http://evil.example"},
        )
        assert answer.status_code == 403
    assert pictures(visitor.get(visitor.get("/my").location).text) == []


def test_the_star_is_on_the_page_of_a_fractal(visitor, complete, queued):
    for uuid in (complete(), queued()):
        assert "☆ Favourite" in visitor.get(f"/fractal/{uuid}").text
        star(visitor, uuid, starred="true")
        assert "★ Favourite" in visitor.get(f"/fractal/{uuid}").text


def test_a_collection_has_a_name_a_gallery_and_pages(visitor, named, complete):
    for _ in range(25):
        assert (
            visitor.post(f"{named}/fractal/{complete()}", data={"member": "x"}).status_code == 303
        )
    page = visitor.get(named).text
    assert "<title>Dust &amp; &lt;ashes&gt;" in page
    assert len(pictures(page)) == 24
    older = re.search(r'rel="next" href="([^"]+)"', page).group(1)
    assert older.startswith(named)
    assert len(pictures(visitor.get(older).text)) == 1
    assert f'href="{named}?sort=longest"' in page
    assert re.search(r'Complete <span class="count">25<', page)
    assert pictures(visitor.get(f"{named}?status=queued").text) == []


def test_the_page_of_a_fractal_offers_the_collections_that_it_is_not_in(visitor, named, complete):
    path = f"/fractal/{complete()}"
    offered = '<button class="button small text-break">Dust &amp; &lt;ashes&gt;</button>'
    assert offered in visitor.get(path).text
    answer = visitor.post(f"{named}{path}", data={"member": "true"})
    assert answer.location == path
    page = visitor.get(path).text
    assert offered not in page
    assert "Take out" in page
    visitor.post(f"{named}{path}", data={"any": ""})
    assert offered in visitor.get(path).text


def test_a_collection_is_renamed_shared_and_deleted_after_a_question(visitor, named):
    assert visitor.post(named, data={"name": "Ashes"}).location == named
    assert visitor.post(named, data={"shared": "true"}).location == named
    page = visitor.get(named).text
    assert ">Ashes</h1>" in page
    assert "shared with everybody" in page
    assert "Ashes" in visitor.get("/collections").text
    assert "Delete the collection Ashes?" in visitor.get(f"{named}/delete").text
    assert visitor.post(f"{named}/delete").location == "/collections"
    assert visitor.get(named).status_code == 404


def test_a_bad_name_is_shown_with_the_reason(visitor, named):
    answer = visitor.post("/collections", data={"name": 256 * "x"})
    assert answer.status_code == 400
    assert "must be 1 to 255 characters" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert visitor.post(named, data={"name": ""}).status_code == 400


def test_favourites_have_no_button_that_deletes_or_renames(visitor):
    page = visitor.get(visitor.get("/my").location).text
    assert "Share with everybody" in page
    assert "Rename" not in page
    # That of fractals which are chosen is another one.
    assert "/delete" not in page.replace("/fractals/delete", "")
