# SPDX-License-Identifier: Apache-2.0
"""Callbacks: a webhook that stands for the ``callback_url`` of all fractals of a project."""

import json
import uuid as uuidlib
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Row, select, update

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.event_models import Webhook
from faafo.db.scope import Owner
from faafo.db.statements import execute_update, insert_unless_there
from faafo.fractal.events import ENDINGS
from faafo.fractal.signing import new_secret

# For the UUIDs (version 5, RFC 9562) of these webhooks: a project has one for each URL.
NAMESPACE = uuidlib.UUID("0c8a3f52-6d1b-4b7e-9f43-2e5a7c9d1b60")

# Seconds after which a POST counts as a new use: not each of many is a write.
RENEWED_SECONDS = 60.0


def receivers(session: Session, owner: Owner, urls: Collection[str]) -> dict[str, int]:
    """Return the ids of the webhooks for callbacks of a project to ``urls``; make and enable them.

    The caller commits.
    """
    # In one order, so that of two transactions one waits for the other.
    uuids = {_uuid(owner, url): url for url in sorted(urls)}
    found = _find(session, list(uuids))
    if len(found) < len(uuids) or not _renew(session, found.values()):
        # Some are missing, or were purged in this moment.
        missing = uuids.keys() - _find(session, list(uuids)).keys()
        _add(session, owner, {uuid: uuids[uuid] for uuid in sorted(missing)})
        found = _find(session, list(uuids))
        _renew(session, found.values())
    return {url: found[uuid].id for uuid, url in uuids.items()}


def secrets(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Return the secrets that sign what is delivered to webhooks, by id; deleted ones have none."""
    query = select(Webhook.id, Webhook.secret).where(Webhook.id.in_(ids))
    return {one.id: one.secret for one in session.execute(query)}


def _uuid(owner: Owner, url: str) -> str:
    return str(uuidlib.uuid5(NAMESPACE, json.dumps([owner.project_id, url])))


def _find(session: Session, uuids: list[str]) -> dict[str, Row]:
    is_old = (Webhook.created_at < moment(-RENEWED_SECONDS)).label("is_old")
    query = select(Webhook.id, Webhook.uuid, Webhook.enabled, is_old)
    return {one.uuid: one for one in session.execute(query.where(Webhook.uuid.in_(uuids)))}


def _renew(session: Session, found: Iterable[Row]) -> bool:
    """Enable webhooks, and note that they are used; tell whether all are still there."""
    ids = sorted(one.id for one in found if one.is_old or not one.enabled)
    if not ids:
        return True
    values = {"enabled": True, "reason": None, "created_at": moment()}
    query = update(Webhook).where(Webhook.id.in_(ids)).values(**values)
    return execute_update(session, query) == len(ids)


def _add(session: Session, owner: Owner, urls: Mapping[str, str]) -> None:
    """Insert webhooks, by uuid, unless another transaction has done so."""
    now = session.scalars(select(moment())).one()
    rows = [
        {
            "uuid": uuid,
            "created_at": now,
            "project_id": owner.project_id,
            "user_id": owner.user_id,
            "url": url,
            "events": sorted(ENDINGS),
            "callback": True,
            "secret": new_secret(),
        }
        for uuid, url in urls.items()
    ]
    if rows:
        session.connection().execute(insert_unless_there(Webhook.__table__), rows)
