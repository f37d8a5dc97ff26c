# SPDX-License-Identifier: Apache-2.0
"""Deliveries are claimed on leases, webhook by webhook, and tried again on a schedule."""

from collections import Counter

import pytest
from sqlalchemy import delete, select, update

from faafo import errors
from faafo.db import (
    collections,
    deliveries,
    delivery_log,
    delivery_reports,
    posting,
    subscriptions,
    webhooks,
)
from faafo.db.clock import moment
from faafo.db.delivery_choice import Wanted
from faafo.db.delivery_reports import LONGEST_RETRY_AFTER, Attempt, Failure, RetrySchedule
from faafo.db.event_models import Delivery, DeliveryStatus, Webhook
from faafo.db.models import Fractal
from faafo.db.scope import NOBODY, Owner
from faafo.fractal.events import TYPES
from faafo.fractal.signing import new_secret

AT_ONCE = RetrySchedule([0.0, 0.0])


@pytest.fixture
def make(session):
    """Makes a webhook, with its ping and as many deliveries more."""

    def make(more=0, url="https://receiver.example/", owner=NOBODY):
        made = webhooks.add(session, owner, url, TYPES, None, new_secret())
        for _ in range(more):
            webhooks.ping(session, made)
        return made

    return make


def claim(session, by="me", seconds=30.0, **wanted):
    return deliveries.claim(
        session,
        by,
        Wanted(**{"count": 100, "per_webhook": 100, "per_tenant": 100} | wanted),
        seconds,
    )


def failure(one, **values):
    return Failure(one.id, one.attempt, 500, 0.1, **{"fault": "answered 500"} | values)


def status(session, delivery_id):
    query = select(Delivery).where(Delivery.id == delivery_id)
    return session.scalars(query, execution_options={"populate_existing": True}).one()


def test_a_claimed_delivery_is_claimed_again_once_its_lease_has_expired(session, make):
    make()
    (first,) = claim(session, "a", seconds=30.0)
    assert claim(session, "b") == []
    session.execute(update(Delivery).values(due_at=moment(-1.0)))
    session.commit()
    (second,) = claim(session, "b")
    assert (second.id, second.attempt) == (first.id, first.attempt + 1)
    # What the first notifier says now is too late.
    assert delivery_reports.delivered(session, "a", [Attempt(first.id, 1, 200, 0.1)]) == [first.id]
    assert delivery_reports.delivered(session, "b", [Attempt(second.id, 2, 200, 0.1)]) == []
    assert status(session, first.id).status == DeliveryStatus.DELIVERED
    assert claim(session) == []


def test_a_webhook_with_many_deliveries_delays_no_other(session, make):
    crowded = make(more=20)
    others = [make() for _ in range(3)]
    claimed = claim(session, count=8, per_webhook=2)
    assert [one.webhook.uuid for one in claimed].count(crowded.uuid) == 2
    assert {one.webhook.uuid for one in claimed} == {one.uuid for one in (crowded, *others)}


def test_crowded_webhooks_are_passed_over_one_after_the_other(session, make, monkeypatch):
    monkeypatch.setattr(deliveries, "LARGEST_PASS", 5)
    crowded = [make(more=6) for _ in range(3)]
    other = make()
    claimed = claim(session, count=10, per_webhook=1)
    assert {one.webhook.uuid for one in claimed} == {one.uuid for one in (*crowded, other)}


def test_a_later_pass_chooses_no_delivery_again(session, make, monkeypatch):
    monkeypatch.setattr(deliveries, "LARGEST_PASS", 5)
    crowded, other = make(more=3), make()
    webhooks.ping(session, other)
    # The first pass sees one of the two deliveries to the other webhook.
    claimed = claim(session, count=4, per_webhook=2)
    assert Counter(one.webhook.uuid for one in claimed) == {crowded.uuid: 2, other.uuid: 2}


def test_many_urls_of_a_project_at_one_receiver_delay_no_other(session, make, monkeypatch):
    monkeypatch.setattr(deliveries, "LARGEST_PASS", 5)
    crowd = [make(url=f"https://Slow.example{port}/{n}") for n in range(6) for port in ("", ":443")]
    others = [
        make(),
        make(url="https://slow.example:8443/"),
        make(url="https://slow.example/", owner=Owner("blue", "ada")),
    ]
    # What was queued by an earlier release names no tenant.
    session.execute(update(Delivery).where(Delivery.webhook_id == crowd[0].id).values(tenant=None))
    session.commit()
    claimed = claim(session, count=5, per_tenant=2)
    crowded = [one for one in claimed if one.webhook.uuid in {one.uuid for one in crowd}]
    assert {one.webhook.uuid for one in claimed} >= {one.uuid for one in others}
    assert (len(claimed), len({one.tenant for one in crowded})) == (5, 1)
    busy = [crowded[0].tenant]
    assert claim(session, busy_tenants=busy) == []
    assert len(claim(session)) == 10


def test_deliveries_of_a_webhook_that_is_gone_are_deleted_when_they_come_up(session, make):
    gone, other = make(more=3), make()
    session.execute(delete(Webhook).where(Webhook.id == gone.id))
    session.commit()
    assert [one.webhook.uuid for one in claim(session)] == [other.uuid]
    assert set(session.scalars(select(Delivery.webhook_id))) == {other.id}


def test_callbacks_are_purged_when_nothing_waits_for_them(session, make_task):
    url = "https://receiver.example/"
    posting.post(session, make_task(), callback_url=url)
    assert webhooks.purge_callbacks(session, 60.0) == 0
    session.execute(update(Webhook).values(created_at=moment(-61.0)))
    session.commit()
    # A fractal is still to be rendered.
    assert webhooks.purge_callbacks(session, 60.0) == 0
    session.execute(delete(Fractal))
    session.execute(update(Webhook).values(created_at=moment(-61.0)))
    session.commit()
    assert webhooks.purge_callbacks(session, 60.0) == 1
    posting.post(session, make_task(), callback_url=url)
    assert webhooks.purge_callbacks(session, 60.0) == 0


def test_a_busy_webhook_is_passed_over(session, make):
    busy, other = make(), make()
    assert [one.webhook.uuid for one in claim(session, busy=[busy.uuid])] == [other.uuid]
    assert deliveries.is_any_due(session, bus=False)
    assert [one.webhook.uuid for one in claim(session)] == [busy.uuid]
    assert not deliveries.is_any_due(session, bus=False)


@pytest.mark.parametrize(
    ("count", "to_bus", "to_webhooks"), [(1, 1, 0), (4, 2, 2), (8, 3, 5), (100, 3, 9)]
)
def test_neither_the_bus_nor_webhooks_take_all_of_a_claim(
    session, make, make_task, count, to_bus, to_webhooks
):
    make(more=5)
    subscriptions.subscribe(session, subscriptions.BUS, 60.0)
    # Posted last, and so due last.
    posting.post_all(session, [make_task() for _ in range(3)])
    claimed = [one.webhook for one in claim(session, count=count, bus=True)]
    assert claimed.count(None) == to_bus
    assert len(claimed) - to_bus == to_webhooks


def test_the_bus_takes_what_webhooks_leave(session, make, make_task):
    make()
    subscriptions.subscribe(session, subscriptions.BUS, 60.0)
    posting.post_all(session, [make_task() for _ in range(3)])
    assert len(claim(session, count=4, per_webhook=1, bus=True)) == 4


def test_a_renewed_lease_does_not_expire_and_a_released_one_does_at_once(session, make):
    make(more=1)
    first, second = claim(session, seconds=0.0)
    assert deliveries.renew(session, "me", [(first.id, 1), (99, 1)], 30.0) == [99]
    assert [one.id for one in claim(session, "other")] == [second.id]
    assert deliveries.release(session, "me", [(first.id, 1), (second.id, 1)]) == [second.id]
    assert [one.id for one in claim(session, "other")] == [first.id]


def test_a_failed_delivery_is_given_up_after_the_schedule_and_can_be_repeated(session, make):
    webhook = make()
    for _ in range(3):
        (one,) = claim(session)
        assert delivery_reports.failed(session, "me", [failure(one)], AT_ONCE) == []
    assert claim(session) == []
    row = status(session, one.id)
    found = (row.status, row.failures, row.http_status, row.fault)
    assert found == (DeliveryStatus.FAILED, 3, 500, "answered 500")
    assert delivery_log.redeliver_failed(session, webhook.id, None) == 1
    (again,) = claim(session)
    assert (again.id, again.attempt, status(session, one.id).failures) == (one.id, 4, 0)
    assert delivery_reports.delivered(session, "me", [Attempt(again.id, 4, 204, 0.1)]) == []
    delivery_log.redeliver(session, webhook.id, one.id)
    assert [again.id for again in claim(session)] == [one.id]
    with pytest.raises(errors.DeliveryNotFound, match="none of number 99"):
        delivery_log.redeliver(session, webhook.id, 99)


def test_only_what_was_given_up_since_then_is_repeated(session, make):
    webhook = make(more=1)
    old, new = claim(session)
    delivery_reports.failed(session, "me", [failure(old), failure(new)], RetrySchedule([]))
    session.execute(update(Delivery).where(Delivery.id == old.id).values(updated_at=moment(-60.0)))
    session.commit()
    since = session.scalars(select(moment(-30.0))).one()
    assert delivery_log.redeliver_failed(session, webhook.id, since) == 1
    assert [one.id for one in claim(session)] == [new.id]


def test_a_receiver_that_is_gone_is_disabled(session, make):
    webhook = make(more=1)
    one, other = claim(session)
    delivery_reports.failed(session, "me", [failure(one, gone=True)], AT_ONCE)
    disabled = webhooks.get(session, webhook.uuid)
    assert (disabled.enabled, disabled.reason) == (False, delivery_reports.GONE)
    assert status(session, one.id).status == DeliveryStatus.FAILED
    # The others are given up when they are due, and can be repeated.
    deliveries.release(session, "me", [(other.id, 1)])
    assert claim(session) == []
    assert status(session, other.id).fault == deliveries.DISABLED
    webhooks.change(session, disabled, webhooks.enabling(disabled, True))
    assert delivery_log.redeliver_failed(session, webhook.id, None) == 2
    assert [one.id for one in claim(session)] == [one.id, other.id]


def test_a_delay_is_changed_at_random_and_prolonged_by_the_receiver():
    schedule = RetrySchedule([10.0, 100.0])
    delays = {schedule.delay_after(1, None) for _ in range(50)}
    assert len(delays) > 1
    assert 8.0 <= min(delays) <= max(delays) <= 12.0
    assert schedule.delay_after(2, 300.0) == 300.0
    assert schedule.delay_after(2, 1e9) == LONGEST_RETRY_AFTER
    assert schedule.delay_after(3, 1.0) is None


def test_both_secrets_sign_for_a_day_after_a_rotation(session, make):
    webhook = make()
    before = webhook.secret
    after = webhooks.rotate(session, webhook, new_secret()).secret
    (one,) = claim(session, seconds=0.0)
    assert one.secrets == (after, before)
    session.execute(update(Webhook).values(previous_until=moment(-1.0)))
    session.commit()
    (one,) = claim(session)
    assert one.secrets == (after,)


def test_two_rotations_keep_the_secret_between_them(session, make):
    webhook = make()
    first, second = new_secret(), new_secret()
    webhooks.rotate(session, webhook, first)
    # Both have seen the webhook as it was before.
    webhooks.rotate(session, webhook, second)
    (one,) = claim(session)
    assert one.secrets == (second, first)


def test_a_delivery_that_is_made_at_present_is_not_queued_again(session, make):
    webhook = make()
    (one,) = claim(session)
    assert delivery_log.redeliver(session, webhook.id, one.id) == 0
    assert delivery_reports.failed(session, "me", [failure(one)], RetrySchedule([60.0])) == []
    assert delivery_log.redeliver(session, webhook.id, one.id) == 1
    assert [again.id for again in claim(session)] == [one.id]


def test_a_webhook_of_a_deleted_collection_is_disabled(session, make):
    kept = collections.add(session, NOBODY, "kept")
    webhook = make()
    webhooks.change(session, webhook, {"collection_id": kept.id})
    collections.remove(session, kept)
    disabled = webhooks.get(session, webhook.uuid)
    assert (disabled.enabled, disabled.reason) == (False, "its collection is deleted")
    # Else it would be about all fractals from then on.
    with pytest.raises(errors.InvalidWebhook, match="collection: is deleted"):
        webhooks.enabling(disabled, True)


def test_the_log_is_paged_and_goes_with_its_webhook(session, make):
    webhook = make(more=4)
    page = delivery_log.page(session, webhook.id, 3)
    assert [one.id for one in page] == [5, 4, 3]
    rest = delivery_log.page(session, webhook.id, 3, marker=page[-1].id)
    assert [one.id for one in rest] == [2, 1]
    assert delivery_log.page(session, webhook.id, 3, status=DeliveryStatus.FAILED) == []
    webhooks.remove(session, webhook)
    assert session.scalars(select(Delivery)).all() == []


def test_a_project_has_a_bounded_number_of_webhooks(session, make, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 2)
    make()
    make()
    posting.callbacks.receivers(session, NOBODY, ["https://receiver.example/"])
    with pytest.raises(errors.QuotaExceeded, match="at most 2 webhooks"):
        make()
