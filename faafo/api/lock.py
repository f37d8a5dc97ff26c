# SPDX-License-Identifier: Apache-2.0
"""The resource ``lock`` of the REST API: locks that expire, with fencing tokens."""

from typing import Any

from flask import g, jsonify
from flask_openapi import APIBlueprint, Tag

from faafo.api import examples
from faafo.api.lock_schemas import (
    LockExtension,
    LockPath,
    LockRecord,
    LockToken,
    LockWait,
    NewLock,
)
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.db import db, locks
from faafo.db.locks import LockState
from faafo.fractal.events import as_text

blueprint = APIBlueprint(
    "lock",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="lock", description="Locks that expire, with fencing tokens")],
    abp_responses=ERRORS,
)


@blueprint.get("/lock/<name>", operation_id="show_lock", responses={200: LockRecord})
def get_lock(path: LockPath, query: LockWait) -> Any:
    """Return the state of a lock; wait up to ``wait`` seconds until it is free."""
    g.is_routine = True
    collaborators().locks.wait(query.wait, lambda: _state(path.name).holder is None)
    return _answer(_state(path.name))


def _state(name: str) -> LockState:
    try:
        return locks.get(db.session, name)
    finally:
        # A request that waits keeps no connection of the pool.
        db.session.remove()


@blueprint.post(
    "/lock/<name>",
    operation_id="create_lock",
    request_body=examples.json_body(NewLock, examples.LOCK),
    responses={201: LockRecord},
)
def post_lock(path: LockPath, body: NewLock) -> Any:
    """Acquire a lock that is free."""
    return _answer(locks.acquire(db.session, path.name, body.holder, body.ttl)), 201


@blueprint.put(
    "/lock/<name>",
    operation_id="update_lock",
    request_body=examples.json_body(LockExtension, examples.LOCK_EXTENSION),
    responses={200: LockRecord},
)
def put_lock(path: LockPath, body: LockExtension) -> Any:
    """Have a lock that one holds expire later, or earlier."""
    g.is_routine = True
    return _answer(locks.extend(db.session, path.name, body.token, body.ttl))


@blueprint.delete("/lock/<name>", operation_id="delete_lock", responses={204: None})
def delete_lock(path: LockPath, query: LockToken) -> Any:
    """Release a lock that one holds."""
    locks.release(db.session, path.name, query.token)
    collaborators().locks.announce()
    return "", 204


def _answer(state: LockState) -> Any:
    expires_at = None if state.expires_at is None else as_text(state.expires_at)
    return jsonify(name=state.name, holder=state.holder, token=state.token, expires_at=expires_at)
