# SPDX-License-Identifier: Apache-2.0
"""Events are written with the change they tell of, and only while somebody wants them."""

import json

import pytest
from sqlalchemy import event, func, select, update

from faafo.correlation import Correlation
from faafo.db import (
    batch,
    claims,
    collections,
    db,
    deliveries,
    delivery_log,
    events,
    fractals,
    leases,
    outcomes,
    posting,
    subscriptions,
    webhooks,
)
from faafo.db.clock import moment
from faafo.db.delivery_choice import Wanted
from faafo.db.event_models import Delivery, Event, Webhook
from faafo.db.leases import Release, Renewal
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.scope import NOBODY, Owner
from faafo.fractal.events import TYPES
from faafo.fractal.lease import Lease
from faafo.fractal.signing import new_secret
from tests.ids import REQUEST_ID, TRACEPARENT

POLICY = RetryPolicy(max_attempts=2, delay=0.0, longest_delay=0.0)
URL = "https://receiver.example/"
ADA = Owner("alpha", "ada")


def told(session):
    """Return the types of all events in order, with the status and the attempt they tell."""
    rows = session.scalars(select(Event).where(Event.fractal_uuid.is_not(None)).order_by(Event.id))
    found = []
    for one in rows:
        body = json.loads(one.body)
        assert (body["version"], body["type"]) == (1, one.type)
        assert body["data"]["uuid"] == one.fractal_uuid
        found.append((one.type.removeprefix("fractal."), body["data"]["attempt"]))
    return found


def claim(session):
    return claims.claim(session, "me", 10, 30.0, POLICY)


def lease_of(fractal):
    return Lease(fractal.uuid, fractal.attempt, fractal.token)


def result(fractal):
    values = {"checksum": "0" * 64, "duration": 0.5, "size": 10, "generated_by": "w"}
    return Result(lease_of(fractal), values, fractal.token)


def webhook(session, owner=NOBODY, kinds=TYPES, collection_id=None):
    return webhooks.add(session, owner, URL, kinds, collection_id, new_secret())


def due(session, **wanted):
    return deliveries.claim(
        session, "n", Wanted(**{"count": 100, "per_webhook": 100, "per_tenant": 100} | wanted), 30.0
    )


@pytest.fixture
def statements(session):
    """The statements that are executed from now on."""
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    return seen


def test_nothing_is_written_or_read_while_nobody_wants_events(
    session, make_task, statements, monkeypatch
):
    monkeypatch.setattr(subscriptions, "READ_SECONDS", 3600.0)
    subscriptions.current(session)
    statements.clear()
    fractals.add(session, make_task())
    posting.post_all(session, [make_task()])
    first, second = claim(session)
    leases.renew(session, "me", [Renewal(lease_of(first), 5)], 30.0)
    outcomes.fail(session, lease_of(second), "bad luck", POLICY)
    batch.complete_all(session, "me", [result(first)])
    fractals.remove(session, first.uuid)
    tables = ("event", "delivery", "webhook", "subscription")
    assert not [one for one in statements if any(f" {table} " in f"{one} " for table in tables)]
    # And no row is locked, or read again, for the sake of an event; one looks for a parent.
    assert len([one for one in statements if one.startswith("SELECT")]) == 8


def test_who_wants_events_is_read_at_most_twice_a_second(session, make_task, statements):
    subscriptions.current(session)
    statements.clear()
    for _ in range(10):
        subscriptions.current(session)
    assert len(statements) <= 3


def test_the_whole_life_of_a_fractal_is_told(session, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    fractals.add(session, make_task())
    (first,) = claim(session)
    leases.renew(session, "me", [Renewal(lease_of(first), 5)], 30.0)
    leases.release(session, "me", [Release(lease_of(first))], POLICY)
    (second,) = claim(session)
    outcomes.fail(session, lease_of(second), "bad luck", POLICY)
    (third,) = claim(session)
    outcomes.fail(session, lease_of(third), "bad luck", POLICY)
    outcomes.retry(session, third.uuid)
    (fourth,) = claim(session)
    outcomes.complete(session, result(fourth))
    # A result that arrives twice changes nothing.
    batch.complete_all(session, "me", [result(fourth)])
    fractals.remove(session, fourth.uuid)
    assert told(session) == [
        *[("queued", 0), ("rendering", 1), ("progress", 1), ("queued", 1), ("rendering", 2)],
        *[("queued", 2), ("rendering", 3), ("error", 3), ("queued", 3), ("rendering", 4)],
        *[("complete", 4), ("deleted", 4)],
    ]
    # Streams read events; there is nothing to deliver.
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_the_end_of_an_expired_lease_is_told(session, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    fractals.add(session, make_task())
    for _ in range(2):
        claim(session)
        session.execute(update(Fractal).values(lease_expires_at=moment(-1.0)))
        session.commit()
    assert claim(session) == []
    assert [kind for kind, _attempt in told(session)] == [
        *["queued", "rendering", "queued", "rendering", "error"]
    ]


def test_an_event_is_not_there_when_its_change_is_rolled_back(session, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    task = make_task()
    posting.post(session, task)
    with pytest.raises(Exception, match="exists already"):
        posting.post(session, task)
    assert told(session) == [("queued", 0)]


def test_a_webhook_gets_the_types_and_the_project_that_it_wants(session, make_task):
    own = webhook(session, ADA, ["fractal.complete"])
    other = webhook(session, Owner("beta", "bob"))
    assert {one.webhook.uuid for one in due(session)} == {own.uuid, other.uuid}
    posting.post(session, make_task(), ADA)
    posting.post(session, make_task())
    for fractal in claim(session):
        batch.complete_all(session, "me", [result(fractal)])
    (delivery,) = due(session)
    assert (delivery.webhook.uuid, delivery.event.type) == (own.uuid, "fractal.complete")
    data = json.loads(delivery.event.body)["data"]
    assert (data["project_id"], data["size"], data["progress"]) == ("alpha", 10, 1.0)


def test_a_webhook_of_a_collection_gets_events_of_its_fractals(session, make_task):
    kept = collections.add(session, NOBODY, "kept")
    webhook(session, collection_id=kept.id)
    due(session)
    inside, outside = (fractals.add(session, make_task()) for _ in range(2))
    collections.put(session, kept, fractals.get(session, inside.uuid))
    for fractal in claim(session):
        batch.complete_all(session, "me", [result(fractal)])
    fractals.remove(session, inside.uuid)
    fractals.remove(session, outside.uuid)
    found = [(one.event.type, json.loads(one.event.body)["data"]["uuid"]) for one in due(session)]
    assert found == [
        (f"fractal.{kind}", inside.uuid) for kind in ("rendering", "complete", "deleted")
    ]


def test_a_callback_is_told_of_the_end_alone_although_nobody_else_wants_events(session, make_task):
    quiet, watched = make_task(), make_task()
    posting.post(session, quiet)
    record = posting.post(session, watched, callback_url=URL)
    assert record["callback_secret"].startswith("whsec_")
    # Another process has read who wants events before, and still believes that nobody does.
    assert subscriptions.current(session).is_empty
    for fractal in claim(session):
        batch.complete_all(session, "me", [result(fractal)])
    (delivery,) = due(session)
    assert delivery.event.type == "fractal.complete"
    assert delivery.secrets == (record["callback_secret"],)
    assert json.loads(delivery.event.body)["data"]["uuid"] == watched.uuid
    assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_callbacks_of_a_list_share_a_receiver_and_its_secret(session, make_task):
    tasks = [make_task() for _ in range(3)]
    urls = {tasks[0].uuid: URL, tasks[1].uuid: URL}
    first, second, third = posting.post_all(session, tasks, callback_urls=urls)
    again = posting.post(session, make_task(), callback_url=URL)
    assert first["callback_secret"] == second["callback_secret"] == again["callback_secret"]
    assert "callback_secret" not in third
    assert session.scalar(select(func.count()).select_from(Webhook)) == 1


def test_the_bus_gets_every_event_once_it_has_subscribed(session, make_task):
    subscriptions.subscribe(session, subscriptions.BUS, 60.0)
    posting.post_all(session, [make_task() for _ in range(3)])
    claim(session)
    claimed = due(session, bus=True)
    assert [one.event.type for one in claimed] == ["fractal.queued"] * 3 + ["fractal.rendering"] * 3
    assert {one.webhook for one in claimed} == {None}
    assert due(session, bus=True) == []


def test_a_subscription_expires(session, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 0.0)
    posting.post(session, make_task())
    assert told(session) == []
    subscriptions.remove_expired(session)
    assert subscriptions.current(session).names == frozenset()


def test_old_events_are_purged_with_their_deliveries(session, make_task):
    webhook(session)
    posting.post_all(session, [make_task() for _ in range(3)])
    assert delivery_log.purge(session, 60.0) == 0
    session.execute(update(Event).where(Event.id <= 2).values(created_at=moment(-61.0)))
    session.commit()
    assert delivery_log.purge(session, 60.0) == 2
    left = [one.id for one in events.after(session, 0, 10)]
    assert left == [3, 4]
    assert set(session.scalars(select(Delivery.event_id))) == set(left)
    assert (events.oldest_id(session), events.latest_id(session)) == (3, 4)


def test_ids_of_events_are_never_used_again(session, make_task):
    subscriptions.subscribe(session, subscriptions.STREAM, 60.0)
    posting.post(session, make_task())
    delivery_log.purge(session, -1.0)
    posting.post(session, make_task())
    assert [one.id for one in events.after(session, 0, 10)] == [2]


def test_a_notifier_is_told_the_request_that_has_posted_a_fractal(session, make_task):
    webhook(session, ADA, ["fractal.queued", "fractal.rendering"])
    fractals.add(session, make_task(), ADA, correlation=Correlation(REQUEST_ID, TRACEPARENT))
    claim(session)
    _ping, *told = due(session)
    assert [(one.event.request_id, one.event.traceparent) for one in told] == [
        (REQUEST_ID, TRACEPARENT)
    ] * 2
