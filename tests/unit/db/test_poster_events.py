# SPDX-License-Identifier: Apache-2.0
"""The event that tells of a complete poster, beside that of a complete fractal."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from faafo.db import batch, claims, events, fractals, posting, subscriptions, webhooks
from faafo.db.claims import Terms
from faafo.db.event_models import Delivery, Event
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.scope import NOBODY
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.events import EventType
from faafo.fractal.film import Film, Plan, frames
from faafo.fractal.kinds import Need, TaskKind, in_order
from faafo.fractal.lease import Lease
from faafo.fractal.parts import divided
from faafo.fractal.paths import Whole
from faafo.fractal.signing import new_secret

TERMS = Terms(PARAMETER_VERSION, needs=in_order(map(Need, TaskKind)))
POLICY = RetryPolicy(max_attempts=2, delay=0.0, longest_delay=0.0)
RESULT = {"checksum": "0" * 64, "duration": 0.5, "size": 7, "generated_by": "w"}


@pytest.fixture
def post(session, make_task):
    """Posts a poster of two bands; returns its uuid."""

    def post():
        task = make_task(uuid=str(uuid4()))
        bands = divided(task.height, 2)
        return posting.post(session, task, NOBODY, False, bands=bands)["uuid"]

    return post


@pytest.fixture
def post_film(session, make_task):
    """Posts a film of two frames."""

    def post():
        task = make_task(uuid=str(uuid4()))
        film = Film(path={"type": "walk", "seed": 1}, frames=2, fps=2)
        shown = frames(film, Whole(**task.model_dump(include=set(Whole.model_fields))), task.uuid)
        posting.post(session, task, NOBODY, False, film=Plan(film, shown))

    return post


def complete_all(session):
    """Complete all that can be claimed, and then joins; return how often that was."""
    for number in range(10):
        leases = [
            Lease(one.uuid, one.attempt, one.token)
            for one in claims.claim(session, "me", 9, 60.0, POLICY, TERMS)
        ]
        if not leases:
            return number
        batch.complete_all(session, "me", [Result(one, RESULT, one.token) for one in leases])
    raise AssertionError("it does not end")


def told(session):
    bodies = [json.loads(text) for text in session.scalars(select(Event.body).order_by(Event.id))]
    return [(body["type"], body["data"].get("open_children")) for body in bodies]


def test_a_poster_that_is_complete_is_told_of_twice(session, post, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    subscriptions.subscribe(session, subscriptions.BUS, 60.0)
    post()
    fractals.add(session, make_task())
    assert complete_all(session) == 2
    # The other fractal has none.
    assert [
        one for one in told(session) if one[1] is not None and one[0] != "fractal.progress"
    ] == [
        ("fractal.rendering", 2),
        ("fractal.queued", 0),
        ("fractal.rendering", 0),
        ("fractal.complete", 0),
        ("poster.complete", 0),
    ]
    # The bus gets them, too.
    deliveries = session.scalar(select(func.count()).select_from(Delivery))
    assert deliveries == len(told(session))


def test_who_asks_for_posters_only_is_told_of_nothing_else(session, post, make_task):
    kinds = ["poster.complete"]
    webhooks.add(session, NOBODY, "https://receiver.example/", kinds, None, new_secret())
    post()
    fractals.add(session, make_task())
    complete_all(session)
    assert [kind for kind, _parts in told(session)] == ["webhook.ping", "poster.complete"]


def test_a_film_that_is_complete_is_no_poster(session, post_film):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    post_film()
    complete_all(session)
    assert told(session)[-2:] == [("fractal.complete", 0), ("film.complete", 0)]


def test_both_are_of_the_transaction_of_the_change(session, post):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    uuid = post()
    before = told(session)
    events.record(session, EventType.COMPLETE, Fractal.uuid == uuid)
    assert len(told(session)) == len(before) + 2
    session.rollback()
    assert told(session) == before
