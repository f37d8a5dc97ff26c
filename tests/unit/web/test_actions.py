# SPDX-License-Identifier: Apache-2.0
"""The buttons of a fractal, and their protection against cross-site requests."""

import re

import pytest

from faafo.db import db, fractals

BUTTONS = ["retry", "delete"]
UNKNOWN = "00000000-0000-4000-8000-ffffffffffff"


def test_a_failed_fractal_is_tried_again(visitor, failed):
    uuid = failed()
    answer = visitor.post(f"/fractal/{uuid}/retry")
    assert (answer.status_code, answer.location) == (303, f"/fractal/{uuid}")
    assert "Waiting for a worker" in visitor.get(answer.location).text


def test_a_complete_fractal_cannot_be_tried_again(visitor, complete):
    answer = visitor.post(f"/fractal/{complete()}/retry")
    assert answer.status_code == 409
    assert "only a fractal in error can be retried" in answer.text


def test_a_fractal_is_deleted_with_its_image_after_a_question(app, store, visitor, complete):
    uuid = complete()
    question = visitor.get(f"/fractal/{uuid}/delete")
    assert "Delete this fractal?" in question.text
    answer = visitor.post(f"/fractal/{uuid}/delete")
    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor.get(f"/fractal/{uuid}").status_code == 404
    assert list(store.images(age=-1)) == []


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_of_a_fractal_that_is_gone_says_so(visitor, button):
    answer = visitor.post(f"/fractal/00000000-0000-4000-8000-000000000000/{button}")
    assert answer.status_code == 404


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_cross_site_request_is_rejected(app, visitor, failed, button, headers):
    uuid = failed()
    assert visitor.post(f"/fractal/{uuid}/{button}", headers=headers).status_code == 403
    with app.app_context():
        assert fractals.get(db.session, uuid).status == "error"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
    ],
)
def test_a_request_from_the_same_origin_is_accepted(visitor, failed, headers):
    assert visitor.post(f"/fractal/{failed()}/retry", headers=headers).status_code == 303


def chosen(visitor, button, *uuids, **fields):
    """Press a button below the gallery; return the answer."""
    return visitor.post(f"/fractals/{button}", data={"fractal": list(uuids), **fields})


def test_those_that_are_chosen_and_in_error_are_tried_again(visitor, failed, complete):
    uuids, done = [failed() for _ in range(3)], complete()
    page = visitor.get("/?status=error").text
    assert [f'value="{uuid}" form="many"' in page for uuid in uuids] == [True] * 3
    answer = chosen(visitor, "retry", *uuids[:2], done, next="/?status=error")
    assert answer.status_code == 200
    assert "2 fractals are queued again." in answer.text
    assert "1 fractal is not in error." in answer.text
    assert 'href="/?status=error">Back' in answer.text
    states = [visitor.get(f"/api/fractal/{uuid}").json["status"] for uuid in uuids]
    assert states == ["queued", "queued", "error"]


def test_those_that_are_chosen_are_deleted_after_a_question(store, visitor, complete, queued):
    uuids, kept = [complete(), complete(), queued()], complete()
    question = chosen(visitor, "delete", *uuids, next="/?size=small")
    assert "Delete these 3 fractals?" in question.text
    assert re.findall(r'name="fractal" value="([^"]*)"', question.text) == uuids
    assert visitor.get(f"/fractal/{uuids[0]}").status_code == 200
    answer = chosen(visitor, "delete", *uuids, UNKNOWN, uuids[0], sure="yes", next="//elsewhere")
    assert "3 fractals are deleted." in answer.text
    assert "1 fractal is not there any more." in answer.text
    assert 'href="/">Back' in answer.text
    assert [visitor.get(f"/fractal/{one}").status_code for one in [*uuids, kept]] == [404] * 3 + [
        200
    ]
    assert [uuid for uuid, _token in store.images(age=-1)] == [kept]


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize(
    ("uuids", "sentence"),
    [
        ([], "choose from 1 to 100 fractals, not 0"),
        ([UNKNOWN] * 101, "choose from 1 to 100 fractals, not 101"),
        (["5"], "fractal: must be a UUID, not &#39;5&#39;"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(visitor, button, uuids, sentence):
    answer = chosen(visitor, button, *uuids, sure="yes")
    assert answer.status_code == 400
    assert sentence in answer.text


@pytest.mark.parametrize("button", BUTTONS)
def test_a_choice_of_another_site_is_rejected(visitor, failed, button):
    uuid = failed()
    data, headers = {"fractal": uuid, "sure": "yes"}, {"Origin": "http://elsewhere.example"}
    answer = visitor.post(f"/fractals/{button}", data=data, headers=headers)
    assert answer.status_code == 403
    assert visitor.get(f"/api/fractal/{uuid}").json["status"] == "error"
