# SPDX-License-Identifier: Apache-2.0
"""The pages of webhooks."""

import re

import pytest

from faafo.db import db, deliveries, delivery_reports
from faafo.db.delivery_choice import Wanted
from faafo.db.delivery_reports import Failure, RetrySchedule


@pytest.fixture
def made(visitor):
    """The page that shows a new webhook, and its address."""
    form = {"url": " https://receiver.example/%3Chook%3E ", "events": ["fractal.error"]}
    page = visitor.post("/webhooks", data=form)
    assert page.status_code == 200
    uuid = re.search(r"/webhook/([0-9a-f-]{36})/ping", page.text)[1]
    return page, f"/webhook/{uuid}"


@pytest.fixture
def fail(app):
    """Has a delivery that is due fail."""

    def fail(delays):
        with app.app_context():
            (one,) = deliveries.claim(db.session, "n", Wanted(1, 1, 1), 30.0)
            failure = Failure(one.id, one.attempt, 500, 0.1, "answered 500 <b>")
            delivery_reports.failed(db.session, "n", [failure], RetrySchedule(delays))

    return fail


def test_the_secret_of_a_new_webhook_is_shown_once(visitor, made):
    page, address = made
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0]
    assert page.headers["Cache-Control"] == "no-store"
    assert secret not in visitor.get(address).text
    assert visitor.get("/webhooks").text.count("https://receiver.example/%3Chook%3E") == 1
    rotated = visitor.post(f"{address}/secret").text
    assert re.search(r"whsec_[A-Za-z0-9+/=]+", rotated)[0] != secret
    assert "signs, too, until" in visitor.get(address).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"url": "http://10.0.0.1/", "events": "fractal.error"}, "10.0.0.1 is a private address"),
        ({"url": "https://receiver.example/"}, "events: choose one at least"),
        ({"url": "https://receiver.example/", "events": "x"}, "events: choose one at least"),
        ({"url": "<script>", "events": "fractal.error"}, "url: must begin with http"),
    ],
)
def test_a_wrong_form_is_shown_again_with_a_sentence(visitor, form, sentence):
    page = visitor.post("/webhooks", data=form)
    assert page.status_code == 400
    assert sentence in page.text
    assert "<script>" not in page.text


def test_what_failed_is_said_in_words_and_can_be_repeated(visitor, made, fail):
    _page, address = made
    assert "waits for a notifier" in visitor.get(address).text
    fail([0.0])
    assert "attempt 1 failed: answered 500 &lt;b&gt;; tried again at" in visitor.get(address).text
    fail([0.0])
    assert "given up after 2 attempts" in visitor.get(address).text
    assert "1 delivery was given up" in visitor.get("/webhooks").text
    answer = visitor.post(f"{address}/redeliver", data={"delivery": "1"})
    assert (answer.status_code, answer.location) == (303, address)
    assert "waits for a notifier" in visitor.get(address).text
    fail([])
    assert visitor.post(f"{address}/redeliver", data={"delivery": "all"}).status_code == 404
    assert "given up after" in visitor.get(address).text
    visitor.post(f"{address}/redeliver")
    assert "given up" not in visitor.get("/webhooks").text


def test_a_webhook_is_disabled_enabled_pinged_and_deleted(visitor, made):
    _page, address = made
    visitor.post(address)
    assert "disabled: disabled by a user" in visitor.get(address).text
    assert visitor.post(f"{address}/ping").status_code == 409
    visitor.post(address, data={"enabled": "true"})
    visitor.post(f"{address}/ping")
    assert visitor.get(address).text.count("webhook.ping") == 2
    assert "Delete the webhook" in visitor.get(f"{address}/delete").text
    assert visitor.post(f"{address}/delete").location == "/webhooks"
    assert visitor.get(address).status_code == 404
    assert "There is none yet." in visitor.get("/webhooks").text


def test_a_form_of_another_site_changes_nothing(visitor, made):
    _page, address = made
    for path in (address, f"{address}/delete", f"{address}/ping", "/webhooks"):
        answer = visitor.post(path, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
