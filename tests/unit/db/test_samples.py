# SPDX-License-Identifier: Apache-2.0
"""Samples of the load, one a minute."""

from datetime import UTC, datetime, timedelta

import pytest

from faafo.db import db, fractals, samples
from faafo.db.operation_models import Sample
from faafo.fractal.task import Status

COUNTS = {Status.QUEUED: 3, Status.RENDERING: 2, Status.ERROR: 1, Status.COMPLETE: 9}


@pytest.fixture
def minute(session, monkeypatch):
    """Sets the minute of the database's clock."""

    def set_to(number):
        monkeypatch.setattr(samples, "minute_now", lambda _session: number)

    set_to(5000)
    return set_to


def test_a_minute_is_sampled_once(session, minute):
    assert samples.is_due(session)
    samples.record(session, COUNTS)
    assert not samples.is_due(session)
    samples.record(session, COUNTS | {Status.QUEUED: 77})
    session.expire_all()
    assert [(one.minute, one.queued) for one in session.query(Sample)] == [(5000, 3)]


def test_a_sample_has_what_waits_and_what_was_completed_lately(session, minute, make_task, change):
    change(
        fractals.add(session, make_task()).uuid, status="complete", completed_at=datetime.now(UTC)
    )
    fractals.add(session, make_task())
    samples.record(session, COUNTS)
    sample = session.get(Sample, 5000)
    assert (sample.queued, sample.rendering, sample.error, sample.completed) == (3, 2, 1, 1)
    assert 0 <= sample.oldest < 60


def test_nothing_has_waited_when_nothing_is_queued(session, minute):
    samples.record(session, COUNTS)
    assert session.get(Sample, 5000).oldest is None


def test_a_fractal_that_was_queued_again_waits_since_then(session, make_task, change):
    now = datetime.now(UTC)
    posted = {"created_at": now - timedelta(days=3), "claimable_at": now - timedelta(seconds=100)}
    change(fractals.add(session, make_task()).uuid, **posted)
    assert 90 < samples.oldest_seconds(session) < 200


def test_the_last_hour_has_a_place_for_each_minute(session, minute):
    for number in (4000, 4941, 5000):
        minute(number)
        samples.record(session, COUNTS)
    hour = samples.last_hour(session)
    assert len(hour) == samples.HOUR
    assert [one.minute for one in hour if one] == [4941, 5000]
    assert (hour[0].minute, hour[-1].minute) == (4941, 5000)


def test_samples_of_the_day_before_are_removed(session, minute):
    samples.record(session, COUNTS)
    minute(5001 + samples.KEPT)
    samples.record(session, COUNTS)
    assert [one.minute for one in session.query(Sample)] == [5001 + samples.KEPT]


def test_the_minute_is_that_of_the_database(app):
    with app.app_context():
        first, second = samples.minute_now(db.session), samples.minute_now(db.session)
    assert 29_000_000 < first <= second <= first + 1
