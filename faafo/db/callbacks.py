# SPDX-License-Identifier: Apache-2.0
"""Callbacks: a webhook that stands for the ``callback_url`` of all fractals of a project."""

import uuid as uuidlib

from sqlalchemy import insert, select, true, update

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.event_models import Webhook
from faafo.db.scope import Owner
from faafo.db.statements import execute_update
from faafo.fractal.events import ENDINGS
from faafo.fractal.signing import new_secret


def receiver(session: Session, owner: Owner, url: str) -> int:
    """Return the id of the webhook for callbacks of a project to ``url``; enable it, or make it.

    The caller commits. Two transactions may make one each: both deliver.
    """
    same = (Webhook.project_id.is_not_distinct_from(owner.project_id), Webhook.url == url)
    query = select(Webhook.id, Webhook.enabled).where(*same, Webhook.callback == true())
    found = session.execute(query.order_by(Webhook.id).limit(1)).one_or_none()
    if found is None:
        return _add(session, owner, url)
    if not found.enabled:
        values = {"enabled": True, "reason": None}
        execute_update(session, update(Webhook).where(Webhook.id == found.id).values(**values))
    return found.id


def secret(session: Session, webhook_id: int) -> str | None:
    """Return the secret that signs what is delivered to a webhook; None if it is deleted."""
    return session.scalar(select(Webhook.secret).where(Webhook.id == webhook_id))


def _add(session: Session, owner: Owner, url: str) -> int:
    values = {
        "uuid": str(uuidlib.uuid4()),
        "created_at": moment(),
        "project_id": owner.project_id,
        "user_id": owner.user_id,
        "url": url,
        "events": sorted(ENDINGS),
        "callback": True,
        "secret": new_secret(),
    }
    result = session.execute(insert(Webhook).values(**values))
    key = result.inserted_primary_key  # type: ignore[attr-defined]
    return int(key[0])
