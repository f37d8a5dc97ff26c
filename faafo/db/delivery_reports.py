# SPDX-License-Identifier: Apache-2.0
"""What notifiers report of deliveries: delivered, to be tried again later, or given up."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from faafo.db import Session, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.deliveries import change
from faafo.db.event_models import Delivery, DeliveryStatus, Webhook
from faafo.db.statements import execute_update

# Seconds to which a receiver can put off the next attempt by Retry-After.
LONGEST_RETRY_AFTER = 43_200.0
# Factors that shorten and prolong a delay at random.
EARLIEST, LATEST = 0.8, 1.2
GONE = "the receiver answered 410 Gone"


@dataclass(frozen=True)
class Attempt:
    """An attempt at a delivery: its fencing token, and what the receiver said.

    ``http_status`` is None when there was no answer, ``duration`` is in seconds.
    """

    id: int
    attempt: int
    http_status: int | None
    duration: float


@dataclass(frozen=True)
class Failure(Attempt):
    """A failed attempt; ``retry_after`` is in seconds, ``gone`` wants no more deliveries."""

    fault: str
    retry_after: float | None = None
    gone: bool = False


@dataclass(frozen=True)
class RetrySchedule:
    """The delays in seconds before each further attempt; after the last one it is given up."""

    delays: Sequence[float]

    def delay_after(self, failures: int, retry_after: float | None) -> float | None:
        """Return the seconds until the next attempt, None if there is none.

        A fifth of the delay is added or taken off at random, so that deliveries that failed
        together are not tried together. ``retry_after`` may prolong it.
        """
        if failures > len(self.delays):
            return None
        delay = self.delays[failures - 1] * random.uniform(EARLIEST, LATEST)
        return max(delay, min(retry_after or 0.0, LONGEST_RETRY_AFTER))


@retry_on_deadlock
def delivered(session: Session, claimed_by: str, attempts: Collection[Attempt]) -> list[int]:
    """Record deliveries; return the ids of those that ``claimed_by`` has lost."""
    lost = []
    for one in sorted(attempts, key=lambda one: one.id):
        values = {"status": DeliveryStatus.DELIVERED, "fault": None, "failures": 0}
        if not _record(session, claimed_by, one, values):
            lost.append(one.id)
    session.commit()
    return lost


@retry_on_deadlock
def failed(
    session: Session, claimed_by: str, failures: Collection[Failure], schedule: RetrySchedule
) -> list[int]:
    """Record failed attempts; return the ids of those that ``claimed_by`` has lost."""
    lost = []
    ids = [one.id for one in failures]
    query = select(Delivery.id, Delivery.failures, Delivery.webhook_id)
    before = {one.id: one for one in session.execute(query.where(Delivery.id.in_(ids)))}
    for one in sorted(failures, key=lambda one: one.id):
        row = before.get(one.id)
        count = 1 if row is None else row.failures + 1
        delay = None if one.gone else schedule.delay_after(count, one.retry_after)
        values = {"failures": count, "fault": one.fault}
        values |= {"status": DeliveryStatus.FAILED} if delay is None else {"due_at": moment(delay)}
        if row is None or not _record(session, claimed_by, one, values):
            lost.append(one.id)
        elif one.gone and row.webhook_id is not None:
            _disable(session, row.webhook_id)
    session.commit()
    if any(one.gone for one in failures):
        subscriptions.forget(session)
    return lost


def _record(session: Session, claimed_by: str, one: Attempt, values: dict) -> bool:
    values = {
        "claimed_by": None,
        "updated_at": moment(),
        "http_status": one.http_status,
        "duration": one.duration,
        **values,
    }
    return change(session, claimed_by, one.id, one.attempt, values)


def _disable(session: Session, webhook_id: int) -> None:
    same = (Webhook.id == webhook_id, Webhook.enabled)
    execute_update(session, update(Webhook).where(*same).values(enabled=False, reason=GONE))
