# SPDX-License-Identifier: Apache-2.0
"""Webhooks and what remains of those that are deleted."""

import pytest
from sqlalchemy import event, orm, update

from faafo.db import db, deliveries, delivery_log, delivery_reports, fractals, posting, webhooks
from faafo.db.clock import moment
from faafo.db.delivery_choice import Wanted
from faafo.db.delivery_reports import Attempt
from faafo.db.event_models import DeliveryStatus, Webhook
from faafo.db.scope import Owner
from faafo.fractal.events import EventType
from faafo.fractal.signing import new_secret

ADA, BOB = Owner("ada's project", "ada"), Owner("bob's project", "bob")
URL = "https://receiver.example/"


@pytest.fixture
def make(session):
    """Makes a webhook."""

    def make(owner):
        return webhooks.add(session, owner, URL, [EventType.ERROR], None, new_secret())

    return make


def claim(session):
    return deliveries.claim(session, "me", Wanted(10, 10, 10), 30.0)


def test_a_callback_that_is_deleted_is_not_taken_over_by_the_next_webhook(session, make, make_task):
    task = make_task()
    posting.post(session, task, ADA, callback_url=URL)
    (callback,) = webhooks.of_project(session, ADA.project_id)
    webhooks.remove(session, callback)
    make(BOB)
    fractals.remove(session, task.uuid)
    assert [one.event.type for one in claim(session)] == ["webhook.ping"]


def test_a_report_on_a_delivery_that_is_deleted_is_not_about_the_next_one(session, make):
    deleted = make(ADA)
    (held,) = claim(session)
    webhooks.remove(session, deleted)
    made = make(BOB)
    claim(session)
    late = [Attempt(held.id, held.attempt, 200, 0.1)]
    assert delivery_reports.delivered(session, "me", late) == [held.id]
    (logged,) = delivery_log.page(session, made.id, 10)
    assert logged.status == DeliveryStatus.PENDING


def test_a_callback_that_is_purged_while_it_is_posted_with_is_made_again(session, make_task):
    task = make_task()
    posting.post(session, task, callback_url=URL)
    fractals.remove(session, task.uuid)
    (one,) = claim(session)
    delivery_reports.delivered(session, "me", [Attempt(one.id, one.attempt, 200, 0.1)])
    delivery_log.purge(session, -1.0)
    session.execute(update(Webhook).values(created_at=moment(-100.0)))
    session.commit()
    purged = []

    def purge(_connection, _cursor, statement, *_others):
        if statement.startswith("UPDATE webhook") and not purged:
            purged.append(0)
            with orm.Session(db.engine) as another:
                purged[0] = webhooks.purge_callbacks(another, 50.0)

    event.listen(db.engine, "before_cursor_execute", purge)
    posted = posting.post(session, make_task(), callback_url=URL)
    event.remove(db.engine, "before_cursor_execute", purge)
    assert purged == [1]
    assert posted["callback_secret"].startswith("whsec_")
