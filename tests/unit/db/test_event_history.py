# SPDX-License-Identifier: Apache-2.0
"""Whether all events after a given one are kept: a stream must not lose any without a word."""

import pytest
from sqlalchemy import text, update

from faafo.db import events, posting, subscriptions
from faafo.db.event_models import Subscription
from faafo.db.scope import NOBODY
from faafo.db.subscriptions import STREAM


@pytest.fixture
def post(session, make_task):
    def post():
        posting.post(session, make_task(), NOBODY, False)
        return events.latest_id(session)

    return post


def expire(session):
    session.execute(update(Subscription).values(expires_at=text("'2020-01-01 00:00:00.000000'")))
    session.commit()
    subscriptions.forget(session)


def test_nothing_is_lost_while_the_subscription_lasts(session, post):
    assert subscriptions.began_at(session, STREAM) is None
    subscriptions.subscribe(session, STREAM, 60.0)
    began_at = subscriptions.began_at(session, STREAM)
    number = post()
    subscriptions.subscribe(session, STREAM, 60.0)
    assert subscriptions.began_at(session, STREAM) == began_at
    assert 0.0 <= subscriptions.age(session, STREAM) < 60.0
    assert events.lost_since(session, number) is None


def test_something_may_be_lost_once_it_has_expired_and_for_ever_after(session, post):
    subscriptions.subscribe(session, STREAM, 60.0)
    number = post()
    expire(session)
    sentence = f"after event {number} events were not written for some time"
    assert events.lost_since(session, number) == sentence
    assert subscriptions.age(session, STREAM) == 0.0
    subscriptions.subscribe(session, STREAM, 60.0)
    assert events.lost_since(session, number) == sentence
    assert events.lost_since(session, post()) is None


def test_an_event_that_there_is_not_says_nothing_about_others(session, post):
    subscriptions.subscribe(session, STREAM, 60.0)
    number = post()
    assert events.lost_since(session, number + 1) == f"there is no event {number + 1} yet"
    session.execute(text("DELETE FROM event"))
    post()
    assert events.lost_since(session, number) == f"there is no event {number} any more"
