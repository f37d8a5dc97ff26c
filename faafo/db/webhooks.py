# SPDX-License-Identifier: Apache-2.0
"""Webhooks of projects: making, changing and deleting them.

Every function that writes commits the session.
"""

import uuid as uuidlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, false, func, insert, select, true, update
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.db import Session, events, subscriptions
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.event_models import Delivery, Event, Webhook
from faafo.db.models import Collection, Fractal
from faafo.db.scope import Owner
from faafo.db.statements import execute_update
from faafo.fractal.events import PING, payload
from faafo.fractal.task import UNFINISHED

# Each event may be delivered to all of them.
MOST_WEBHOOKS = 20
MOST_LISTED = 100
# In place of the id of a collection.
DELETED_COLLECTION = 0
# Rows that one statement deletes, and statements that delete those of a webhook.
BATCH = 1000
MOST_BATCHES = 20
# Seconds for which the secret before a rotation signs, too.
OVERLAP_SECONDS = 86_400.0


def get(session: Session, uuid: str) -> Webhook:
    """Return the webhook with that uuid.

    :raises faafo.errors.WebhookNotFound: when there is none.
    """
    query = select(Webhook).where(Webhook.uuid == uuid)
    found = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise errors.WebhookNotFound(f"there is no webhook {uuid}")
    return found


def of_project(session: Session, project_id: str | None) -> Sequence[Webhook]:
    """Return the webhooks of a project, then its callbacks: MOST_LISTED of each, newest first."""
    found: list[Webhook] = []
    for callback in (False, True):
        same = Webhook.project_id.is_not_distinct_from(project_id), Webhook.callback == callback
        query = select(Webhook).where(*same).order_by(Webhook.id.desc()).limit(MOST_LISTED)
        found += session.scalars(query)
    return found


def collection_uuids(session: Session, webhooks: Sequence[Webhook]) -> dict[int | None, str]:
    """Return the uuids of the collections that webhooks are about, by their ids."""
    ids = {one.collection_id for one in webhooks if one.collection_id is not None}
    query = select(Collection.id, Collection.uuid).where(Collection.id.in_(ids))
    return {one.id: one.uuid for one in session.execute(query)} if ids else {}


@retry_on_deadlock
def add(
    session: Session,
    owner: Owner,
    url: str,
    kinds: Sequence[str],
    collection_id: int | None,
    secret: str,
) -> Webhook:
    """Make a webhook, and queue a ping to it.

    :param kinds: the types of events that it gets.
    :raises faafo.errors.QuotaExceeded: when the project has MOST_WEBHOOKS already.
    """
    same = Webhook.project_id.is_not_distinct_from(owner.project_id)
    own = select(func.count()).select_from(Webhook).where(same, Webhook.callback == false())
    if (session.scalar(own) or 0) >= MOST_WEBHOOKS:
        raise errors.QuotaExceeded(f"a project has at most {MOST_WEBHOOKS} webhooks")
    uuid = str(uuidlib.uuid4())
    values = {
        "uuid": uuid,
        "created_at": moment(),
        "project_id": owner.project_id,
        "user_id": owner.user_id,
        "url": url,
        "events": list(kinds),
        "collection_id": collection_id,
        "secret": secret,
    }
    session.execute(insert(Webhook).values(**values))
    made = get(session, uuid)
    _ping(session, made)
    session.commit()
    subscriptions.forget(session)
    return made


@retry_on_deadlock
def change(session: Session, seen: Webhook, values: dict[str, Any]) -> Webhook:
    """Write the new values of some columns; return the webhook.

    :raises faafo.errors.WebhookNotFound: when it is deleted.
    """
    uuid = seen.uuid
    if values:
        execute_update(session, update(Webhook).where(Webhook.uuid == uuid).values(**values))
    session.commit()
    subscriptions.forget(session)
    return get(session, uuid)


def require_enabled(webhook: Webhook) -> None:
    """Require that deliveries to a webhook are made.

    :raises faafo.errors.WebhookDisabled: when it is disabled.
    """
    if not webhook.enabled:
        raise errors.WebhookDisabled(f"the webhook is disabled: {webhook.reason}")


def enabling(seen: Webhook | None, enabled: bool) -> dict[str, Any]:
    """Return what ``change`` writes to enable a webhook, or to disable it.

    :param seen: the webhook; None if another collection is written as well.
    :raises faafo.errors.InvalidWebhook: when its collection is deleted: it would be about nothing.
    """
    if enabled and seen is not None and seen.collection_id == DELETED_COLLECTION:
        raise errors.InvalidWebhook("collection: is deleted; name another one, or null for none")
    return {"enabled": enabled, "reason": None if enabled else "disabled by a user"}


@retry_on_deadlock
def rotate(session: Session, seen: Webhook, secret: str) -> Webhook:
    """Sign with ``secret`` from now on, and for OVERLAP_SECONDS with the one before, too.

    :raises faafo.errors.WebhookNotFound: when it is deleted.
    """
    uuid = seen.uuid
    # MariaDB assigns in this order: the column still has the secret before.
    values: list[tuple[Any, Any]] = [
        (Webhook.previous_secret, Webhook.secret),
        (Webhook.previous_until, moment(OVERLAP_SECONDS)),
        (Webhook.secret, secret),
    ]
    query = update(Webhook).where(Webhook.uuid == uuid).ordered_values(*values)
    execute_update(session, query)
    session.commit()
    return get(session, uuid)


def disable_of_collection(session: Session, collection_id: int) -> None:
    """Disable the webhooks of a collection that is deleted; the caller commits."""
    values = {
        "enabled": False,
        "reason": "its collection is deleted",
        "collection_id": DELETED_COLLECTION,
    }
    same = Webhook.collection_id == collection_id
    execute_update(session, update(Webhook).where(same).values(**values))


def remove(session: Session, seen: Webhook) -> None:
    """Delete a webhook with its deliveries, whatever their status.

    Where there are very many, the last of them go when they come up: see ``deliveries``.
    """
    webhook_id = seen.id
    _delete(session, Webhook.id == webhook_id)
    subscriptions.forget(session)
    for _ in range(MOST_BATCHES):
        if not _delete_deliveries(session, webhook_id):
            return


@retry_on_deadlock
def _delete(session: Session, *where: ColumnElement[bool]) -> None:
    session.execute(delete(Webhook).where(*where))
    session.commit()


@retry_on_deadlock
def _delete_deliveries(session: Session, webhook_id: int) -> int:
    some = select(Delivery.id).where(Delivery.webhook_id == webhook_id).limit(BATCH)
    ids = session.scalars(some).all()
    if ids:
        session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
    session.commit()
    return len(ids)


@retry_on_deadlock
def purge_callbacks(session: Session, seconds: float) -> int:
    """Delete callbacks with which nothing was posted for so long, and that nothing waits for.

    Return how many, at most BATCH.
    """
    old = (Webhook.callback == true(), Webhook.created_at < moment(-seconds))
    query = select(Webhook.id).where(*old).order_by(Webhook.created_at).limit(BATCH)
    ids = set(session.scalars(query))
    if ids:
        waiting = Fractal.status.in_(UNFINISHED), Fractal.callback_id.in_(ids)
        used = set(session.scalars(select(Fractal.callback_id).where(*waiting)))
        logged = select(Delivery.webhook_id).where(Delivery.webhook_id.in_(ids))
        used |= set(session.scalars(logged))
        # They are looked at again when they would be as old once more.
        renewed = update(Webhook).where(Webhook.id.in_(used)).values(created_at=moment())
        execute_update(session, renewed)
        ids -= used
        # Posted with in this moment, one is not old any more.
        session.execute(delete(Webhook).where(Webhook.id.in_(ids), *old))
    session.commit()
    return len(ids)


@retry_on_deadlock
def ping(session: Session, seen: Webhook) -> None:
    """Queue a ping to a webhook.

    :raises faafo.errors.WebhookDisabled: when it is disabled.
    """
    require_enabled(seen)
    _ping(session, seen)
    session.commit()


def _ping(session: Session, webhook: Webhook) -> None:
    """Queue a ping; the caller commits."""
    now = session.scalars(select(moment())).one()
    uuid = str(uuidlib.uuid4())
    event = {
        "uuid": uuid,
        "type": PING,
        "project_id": webhook.project_id,
        "body": payload(PING, now, {"webhook": webhook.uuid}),
        "created_at": now,
    }
    session.execute(insert(Event).values(**event))
    events.deliver(session, {uuid: [webhook.id]}, now)
