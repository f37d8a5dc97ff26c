# SPDX-License-Identifier: Apache-2.0
"""The gauges of the API, and what its requests measure."""

import logging
import threading

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from faafo.app.gauges import Gauges
from faafo.app.request_log import STARTED_AT
from faafo.core.context import CONTEXT, RequestContext
from faafo.db import claims, db, fractals, outcomes, posting, samples, services
from faafo.db.outcomes import RetryPolicy
from faafo.db.services import Heartbeat
from faafo.fractal.lease import Lease
from faafo.fractal.service import Kind
from faafo.metrics.catalogue import API

HTTP = "faafo_http_request_duration_seconds_count"


@pytest.fixture
def post_task(app, make_task):
    """Posts a fractal."""

    def post():
        with app.app_context():
            posting.store(db.session, make_task())

    return post


@pytest.fixture
def show(app):
    """Has the metrics show what an API reads, while the test runs."""
    made = []

    def show(patience=60):
        made.append(Gauges(app, patience))
        made[-1].show()

    yield show
    for one in made:
        one.hide()


@pytest.fixture
def value():
    """Returns the value of a series of the API, None if there is none."""
    registry = CollectorRegistry()
    for one in API:
        one.open(registry)
    yield lambda name, **labels: registry.get_sample_value(name, labels)
    for one in API:
        one.close()


def test_the_load_is_read_when_it_is_asked_for(app, show, value, post_task):
    post_task()
    heartbeat = Heartbeat(Kind.WORKER, "w", "w:1", "host", "1.2.3", age=60.0, seen=13.0)
    with app.app_context():
        services.store(db.session, [heartbeat])
    show()
    assert value("faafo_services", kind="worker", state="down") == 1
    assert value("faafo_services", kind="worker", state="up") == 0
    assert value("faafo_fractals", status="queued") == 1
    assert value("faafo_fractals", status="error") == 0
    assert value("faafo_oldest_queued_seconds") >= 0
    assert value("faafo_database_up") == 1


def test_an_api_that_waits_for_its_database_says_that_it_is_away(app, show, value):
    show()
    assert value("faafo_database_up") == 1
    Gauges(app)
    assert value("faafo_database_up") == 0


def test_without_a_database_there_are_no_numbers_and_one_line(app, show, value, caplog):
    caplog.set_level(logging.WARNING)
    with app.app_context():
        db.session.execute(text("ALTER TABLE fractal RENAME TO other"))
        db.session.commit()
    show()
    assert value("faafo_database_up") == 0
    assert value("faafo_fractals", status="queued") is None
    assert value("faafo_oldest_queued_seconds") is None
    assert [one.getMessage() for one in caplog.records] == [
        "could not read the load for metrics: OperationalError"
    ]


def test_a_database_that_hangs_holds_up_no_page_and_one_thread(
    show, value, monkeypatch, wait_until
):
    answers = threading.Event()
    begun = []

    def hang(_session):
        begun.append(threading.current_thread().name)
        answers.wait(60)
        return 7.0

    monkeypatch.setattr(samples, "oldest_seconds", hang)
    show(patience=0.05)
    for _ in range(3):
        assert value("faafo_database_up") == 0
        assert value("faafo_oldest_queued_seconds") is None
    wait_until(lambda: begun)
    assert value("faafo_database_up") == 0
    assert begun == ["load"]
    answers.set()
    wait_until(lambda: value("faafo_oldest_queued_seconds") == 7)


def test_nothing_is_read_any_more_once_the_api_has_stopped(app, value):
    gauges = Gauges(app, patience=60)
    gauges.show()
    assert value("faafo_database_up") == 1
    gauges.hide()
    for name in ("faafo_database_up", "faafo_oldest_queued_seconds"):
        assert value(name) is None


def test_requests_are_measured_by_the_pattern_of_their_route(app, value):
    client = app.test_client()
    client.get("/api/fractal/00000000-0000-4000-8000-000000000000")
    client.get("/nowhere/else")
    client.open("/healthcheck", method="BREW")
    route = "/api/fractal/<uuid:uuid>"
    assert value(HTTP, route=route, method="GET", status="4xx") == 1
    assert value(HTTP, route="unmatched", method="GET", status="4xx") == 1
    assert value(HTTP, route="unmatched", method="unmatched", status="4xx") == 1


def test_a_request_that_has_waited_is_not_measured(app, value):
    waited = {CONTEXT: RequestContext(), STARTED_AT: 0.0}
    answer = app.test_client().get("/healthcheck", environ_overrides=waited)
    assert answer.status_code == 200
    assert value(HTTP, route="/healthcheck", method="GET", status="2xx") is None


def test_claims_retries_and_dead_letters_are_counted(app, value, post_task):
    policy = RetryPolicy(max_attempts=2, delay=0.0, longest_delay=0.0)
    post_task()
    with app.app_context():
        session = db.session
        for end in ("fail", "expire"):
            (claimed,) = claims.claim(session, "producer-1", 1, 60.0, policy)
            lease = Lease(claimed.uuid, claimed.attempt, claimed.token)
            if end == "fail":
                outcomes.fail(session, lease, "no reason", policy)
        session.execute(text("UPDATE fractal SET lease_expires_at = '2000-01-01 00:00:00.000000'"))
        session.commit()
        assert not claims.claim(session, "producer-1", 1, 60.0, policy)
        assert fractals.get(session, claimed.uuid).status == "error"
    assert value("faafo_posted_total") == 1
    assert value("faafo_claimed_total") == 2
    assert value("faafo_queue_seconds_count") == 2
    assert value("faafo_retries_total") == 1
    assert value("faafo_lease_expiries_total") == 1
    assert value("faafo_dead_letters_total") == 1
