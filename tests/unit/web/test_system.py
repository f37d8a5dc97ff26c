# SPDX-License-Identifier: Apache-2.0
"""The page of the system."""

import re
from dataclasses import replace

import pytest

from faafo.db import fractals, samples, services
from faafo.db.services import Heartbeat
from faafo.fractal.service import Kind
from faafo.fractal.task import Status

WORKER = Heartbeat(
    Kind.WORKER, "w-1", "w-1:0", "rack-7", "1.2.3", age=60, slots=4, busy=3,
    configuration="7-0a1b2c3d",
    report={"work": {"done": 99, "done_1": 12, "done_15": 1500, "median_seconds": 0.25}},
)  # fmt: skip
PRODUCER = Heartbeat(Kind.PRODUCER, "p-1", "p-1:0", "rack-8", "1.2.3", age=60)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def page(client, session):
    """Stores heartbeats; returns the text of the page, and its HTML."""

    def page(*heartbeats):
        services.store(session, heartbeats)
        html = client.get("/system").text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)), html

    return page


def test_a_worker_is_shown_with_what_it_does(page):
    text, html = page(WORKER)
    assert "w-1 up 3 of 4 slots" in text
    assert "12 in 1 min, 1,500 in 15 min median 250 ms rack-7 1.2.3" in text
    assert "configuration 7-0a1b2c3d" in text
    assert 'data-done="99"' in html
    assert "Nothing is wrong." in text


@pytest.mark.parametrize(("report", "done"), [({"done": 7}, 7), ({"done": "7"}, 0), ({}, 0)])
def test_a_box_has_what_its_service_has_done(page, report, done):
    assert f'data-done="{done}"' in page(replace(PRODUCER, report=report))[1]


def test_a_service_without_slots_has_no_meter(page):
    _text, html = page(PRODUCER)
    assert "p-1" in html
    assert "<meter" not in html


def test_what_is_wrong_is_said_in_words(page, session, make_task):
    fractals.add(session, make_task())
    text, html = page(replace(WORKER, seen=40), PRODUCER)
    assert "1 fractal waits and no worker is up." in text
    assert "worker w-1 has not been seen for 40 s." in text
    assert "w-1 not seen for 40" in text
    assert 'class="box down"' in html
    assert "Nothing is wrong." not in text


def test_fractals_that_wait_for_a_later_worker_are_told_while_there_is_none(
    page, session, make_task
):
    fractals.add(session, make_task(density=2.0))
    sentence = "1 fractal waits for a worker of a later version"
    assert sentence in page(WORKER, PRODUCER)[0]
    assert sentence not in page(replace(WORKER, report={"parameters": 2}))[0]


def test_renders_that_a_disabled_worker_finishes_are_not_counted_of_no_slots(page):
    assert "w-1 up 3 busy" in page(replace(WORKER, slots=0))[0]
    assert "w-1 up 0 of 2 slots" in page(replace(WORKER, slots=2, busy=None, age=61))[0]


def test_a_screen_reader_is_told_of_another_number_of_problems_only(page):
    def spoken(html):
        return re.findall(r'(?:role="status"|aria-live)[^>]*>([^<]*)<', html)

    before, after = (spoken(page(replace(WORKER, seen=seen))[1]) for seen in (40, 30))
    assert before == after
    assert "1 thing is wrong" in before
    assert "2 things are wrong" in spoken(page(replace(PRODUCER, seen=40))[1])


def test_a_worker_is_disabled_and_enabled_from_the_page(client, page):
    page(WORKER)
    form = {"disabled": "true", "reason": " upgrade "}
    assert client.post(f"/system/service/{WORKER.id}", data=form).status_code == 303
    text, html = page()
    assert "w-1 disabled: upgrade" in text
    assert "worker w-1 is disabled: upgrade." in text
    assert "Enable" in text
    client.post(f"/system/service/{WORKER.id}", data={"disabled": "false"})
    assert "w-1 up" in page()[0]


def test_a_worker_is_not_disabled_without_a_reason(client, page):
    page(WORKER)
    answer = client.post(f"/system/service/{WORKER.id}", data={"disabled": "true", "reason": " "})
    assert answer.status_code == 400
    assert "reason: is needed to disable a service" in answer.text


def test_an_api_is_not_disabled_by_a_form_that_nobody_shows(client, page):
    api = replace(PRODUCER, kind=Kind.API)
    _text, html = page(api)
    assert f"/system/service/{api.id}" not in html
    form = {"disabled": "true", "reason": "any"}
    assert client.post(f"/system/service/{api.id}", data=form).status_code == 409


def test_all_that_is_in_error_is_queued_again_from_the_page(
    client, page, session, make_task, change, wait_until
):
    uuid = fractals.add(session, make_task()).uuid
    change(uuid, status=Status.ERROR)
    wait_until(lambda: "Queue all that are in error again" in page()[0], "the count of errors")
    assert client.post("/system/retry").status_code == 303
    session.expire_all()
    assert fractals.get(session, uuid).status == Status.QUEUED
    wait_until(lambda: "Queue all that are in error again" not in page()[0], "another count")


def test_the_service_is_paused_and_resumed_from_the_page(client, page):
    form = {"mode": "paused", "reason": " a new broker "}
    assert client.post("/system/maintenance", data=form).status_code == 303
    assert client.get("/api/maintenance").json["mode"] == "paused"
    assert "a new broker" in page()[0]
    client.post("/system/maintenance", data={"mode": "off"})
    assert client.get("/api/maintenance").json["mode"] == "off"


def test_a_mode_that_there_is_not_is_refused(client):
    answer = client.post("/system/maintenance", data={"mode": "lazy"})
    assert answer.status_code == 400
    assert "mode: must be off, read-only, paused, not " in answer.text


def test_operators_go_on_while_the_service_is_read_only(client, page):
    page(WORKER)
    client.post("/system/maintenance", data={"mode": "read-only"})
    form = {"disabled": "true", "reason": "upgrade"}
    assert client.post(f"/system/service/{WORKER.id}", data=form).status_code == 303
    assert client.post("/system/retry").status_code == 503
    assert client.post("/system/maintenance", data={"mode": "off"}).status_code == 303


def test_the_last_hour_is_drawn_and_described(page, session):
    samples.record(session, {Status.QUEUED: 7, Status.RENDERING: 0, Status.ERROR: 0})
    text, html = page()
    assert "up to 7 were queued." in text
    assert html.count("<polyline") == 1


def test_a_page_of_another_site_changes_nothing(client, page):
    page(WORKER)
    headers = {"Sec-Fetch-Site": "cross-site"}
    for path in (f"/system/service/{WORKER.id}", "/system/retry"):
        assert client.post(path, data={}, headers=headers).status_code == 403


@pytest.mark.parametrize("work", [None, 3, {"done": "many"}, {"done": 0, "other": 1}])
def test_a_report_that_has_another_form_breaks_nothing(page, work):
    _text, html = page(replace(WORKER, report={"work": work}))
    assert 'data-done="0"' in html
