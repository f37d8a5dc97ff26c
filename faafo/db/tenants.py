# SPDX-License-Identifier: Apache-2.0
"""Tenants: a project at a receiver, whose webhooks and callbacks share places in notifiers."""

import hashlib
import json
from collections.abc import Collection
from urllib.parse import urlsplit

from sqlalchemy import select

from faafo.db import Session
from faafo.db.event_models import Webhook

# Bytes of a digest: numbers that every parser of JSON keeps exact.
SIZE = 6
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def tenant_of(project_id: str | None, url: str) -> int:
    """Return the number of a project at the scheme, host and port of ``url``."""
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(DEFAULT_PORTS.get(parts.scheme, ""))
    text = json.dumps([project_id, parts.scheme, host])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:SIZE])


def of_webhooks(session: Session, ids: Collection[int]) -> dict[int | None, int]:
    """Return the tenants of webhooks by their ids; deleted ones have none."""
    if not ids:
        return {}
    query = select(Webhook.id, Webhook.project_id, Webhook.url).where(Webhook.id.in_(ids))
    return {one.id: tenant_of(one.project_id, one.url) for one in session.execute(query)}
