# SPDX-License-Identifier: Apache-2.0
"""Which webhooks the sender of the current request may see and change: those of the project."""

from collections.abc import Sequence
from typing import Any

from faafo import errors
from faafo.core import access, collection_access
from faafo.core.context import request_context
from faafo.db import db, webhooks
from faafo.db.event_models import Webhook
from faafo.fractal.events import as_text


def own() -> Sequence[Webhook]:
    """Return the webhooks of the caller's project, newest first."""
    return webhooks.of_project(db.session, request_context().project_id)


def visible(uuid: str) -> Webhook:
    """Return a webhook of the caller's project; of any, for one who sees all projects.

    :raises faafo.errors.WebhookNotFound: when there is none.
    """
    found = webhooks.get(db.session, uuid)
    if found.project_id != request_context().project_id and not access.sees_all():
        raise errors.WebhookNotFound(f"there is no webhook {uuid}")
    return found


def collection_id(uuid: str | None) -> int | None:
    """Return the id of a collection that the caller may see; None for None.

    :raises faafo.errors.CollectionNotFound: when there is none.
    :raises faafo.errors.InvalidWebhook: when these are favourites that are not stored yet.
    """
    if uuid is None:
        return None
    found = collection_access.visible(uuid)
    if found.id is None:
        raise errors.InvalidWebhook("collection: has no fractals yet; put one into it first")
    return found.id


def records(listed: Sequence[Webhook]) -> list[dict[str, Any]]:
    """Return webhooks as JSON shows them, without their secrets."""
    uuids = webhooks.collection_uuids(db.session, listed)
    return [
        {
            "uuid": one.uuid,
            "url": one.url,
            "events": one.events,
            "collection": uuids.get(one.collection_id),
            "callback": one.callback,
            "enabled": one.enabled,
            "reason": one.reason,
            "previous_secret_until": one.previous_until and as_text(one.previous_until),
            "created_at": as_text(one.created_at),
            "project_id": one.project_id,
            "user_id": one.user_id,
        }
        for one in listed
    ]
