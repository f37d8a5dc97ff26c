# SPDX-License-Identifier: Apache-2.0
"""The buttons of a fractal, and their protection against cross-site requests."""

import pytest

from faafo.db import db, fractals

BUTTONS = ["retry", "delete"]


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
