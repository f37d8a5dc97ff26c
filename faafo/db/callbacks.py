# SPDX-License-Identifier: Apache-2.0
"""Callbacks: a webhook that stands for the ``callback_url`` of all fractals of a project."""

import json
import uuid as uuidlib

from sqlalchemy import Row, insert, select, update

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.event_models import Webhook
from faafo.db.scope import Owner
from faafo.db.statements import execute_update
from faafo.fractal.events import ENDINGS
from faafo.fractal.signing import new_secret

# For the UUIDs (version 5, RFC 9562) of these webhooks: a project has one for each URL.
NAMESPACE = uuidlib.UUID("0c8a3f52-6d1b-4b7e-9f43-2e5a7c9d1b60")

# Seconds after which a POST counts as a new use: not each of many is a write.
RENEWED_SECONDS = 60.0


def receiver(session: Session, owner: Owner, url: str) -> int:
    """Return the id of the webhook for callbacks of a project to ``url``; enable it, or make it.

    The caller commits.
    """
    uuid = str(uuidlib.uuid5(NAMESPACE, json.dumps([owner.project_id, url])))
    is_old = (Webhook.created_at < moment(-RENEWED_SECONDS)).label("is_old")
    query = select(Webhook.id, Webhook.enabled, is_old).where(Webhook.uuid == uuid)
    found = session.execute(query).one_or_none()
    if found is not None and _renew(session, found):
        return found.id
    # There is none, or it was purged in this moment.
    _add(session, owner, url, uuid)
    return session.execute(query).one().id


def _renew(session: Session, found: Row) -> bool:
    """Enable a webhook, and note that it is used; tell whether it is still there."""
    if found.enabled and not found.is_old:
        return True
    values = {"enabled": True, "reason": None, "created_at": moment()}
    query = update(Webhook).where(Webhook.id == found.id).values(**values)
    return execute_update(session, query) == 1


def secret(session: Session, webhook_id: int) -> str | None:
    """Return the secret that signs what is delivered to a webhook; None if it is deleted."""
    return session.scalar(select(Webhook.secret).where(Webhook.id == webhook_id))


def _add(session: Session, owner: Owner, url: str, uuid: str) -> None:
    """Insert the webhook, unless another transaction has done so."""
    query = insert(Webhook.__table__).prefix_with("OR IGNORE", dialect="sqlite")
    for dialect in ("mysql", "mariadb"):
        query = query.prefix_with("IGNORE", dialect=dialect)
    values = {
        "uuid": uuid,
        "project_id": owner.project_id,
        "user_id": owner.user_id,
        "url": url,
        "events": sorted(ENDINGS),
        "callback": True,
        "secret": new_secret(),
    }
    session.connection().execute(query.values(created_at=moment(), **values))
