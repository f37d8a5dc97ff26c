# SPDX-License-Identifier: Apache-2.0
"""The resource ``service`` of the REST API: heartbeats, and the registry of services."""

import logging
from collections.abc import Sequence
from typing import Any

from flask import g, jsonify
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.exc import SQLAlchemyError

from faafo import errors
from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.api.service_schemas import (
    Ended,
    HeartbeatAnswer,
    HeartbeatBody,
    ServiceChange,
    ServiceList,
    ServicePath,
    ServiceRecord,
    Wanted,
)
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.core.unserved import unserved
from faafo.core.upkeep import as_record
from faafo.db import db, services
from faafo.db.services import Seen
from faafo.fractal.events import as_text
from faafo.fractal.service import Kind, ability_of, service_id

LOG = logging.getLogger(__name__)

# Of administrators; services themselves need ``service:report``.
DELETE = "service:delete"
FIELDS = (
    *("id", "kind", "name", "instance_id", "host", "version", "state", "disabled", "reason"),
    *("slots", "busy", "configuration", "report"),
)

blueprint = APIBlueprint(
    "service",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="service", description="Which services there are, and what they do")],
    abp_responses=ERRORS,
)


@blueprint.get("/service", operation_id="list_services", responses={200: ServiceList})
def get_services(query: Wanted) -> Any:
    """List services by kind and name; say what waits that no live worker serves."""
    listed = collaborators().registry.listed()
    wanted = [_record(one) for one in listed if query.kind in (None, one.kind)]
    return jsonify(services=wanted, unserved=_unserved(listed))


def _unserved(listed: Sequence[Seen]) -> list[str]:
    """Return what no live worker serves, in words; nothing if the queue is too long to look."""
    try:
        return unserved(db.session(), collaborators().backlog.get(db.session()), listed)
    except (errors.Overloaded, SQLAlchemyError) as error:
        db.session.rollback()
        LOG.warning("could not count what waits: %s", type(error).__name__)
        return []


@blueprint.get("/service/<uuid:id>", operation_id="show_service", responses={200: ServiceRecord})
def get_service(path: ServicePath) -> Any:
    """Show a service."""
    return jsonify(_record(collaborators().registry.get(str(path.id))))


@blueprint.put(
    "/service/<uuid:id>",
    operation_id="report_service",
    request_body=examples.json_body(HeartbeatBody, examples.HEARTBEAT),
    responses={200: HeartbeatAnswer},
)
def put_service(path: ServicePath, body: HeartbeatBody) -> Any:
    """Take the heartbeat of a service, and say what it has to know."""
    g.is_routine = True
    _check(str(path.id), body)
    registry = collaborators().registry
    workers = [one.heartbeat(one.seen) for one in body.workers if not one.stopped]
    registry.store([body.heartbeat(), *workers])
    for one in body.workers:
        if one.stopped:
            services.remove(db.session, service_id(one.kind, one.name), one.instance_id)
    return jsonify(
        disabled=registry.is_disabled(body.kind, body.name),
        reason=registry.reason(body.kind, body.name),
        maintenance=as_record(collaborators().upkeep.get()),
        disabled_workers=registry.disabled(Kind.WORKER),
        settings_version=collaborators().settings.version,
    )


@blueprint.patch(
    "/service/<uuid:id>",
    operation_id="update_service",
    request_body=examples.json_body(ServiceChange, examples.DISABLED),
    responses={200: ServiceRecord},
)
def patch_service(path: ServicePath, body: ServiceChange) -> Any:
    """Disable a producer or a worker, or enable it again."""
    if body.disabled and body.reason is None:
        raise errors.InvalidService("reason: is needed to disable a service")
    changed = collaborators().registry.change(str(path.id), body.disabled, body.reason)
    return jsonify(_record(changed))


@blueprint.delete("/service/<uuid:id>", operation_id="delete_service", responses={204: None})
def delete_service(path: ServicePath, query: Ended) -> Any:
    """Remove a service whose process has ended; one that is disabled stays.

    Without ``instance_id`` it is removed if it is down, whether it is disabled or not.
    """
    if query.instance_id is None:
        if not access.is_allowed(DELETE):
            raise errors.Forbidden(f"instance_id: without it the policy must allow you {DELETE}")
        collaborators().registry.delete(str(path.id))
        return "", 204
    services.remove(db.session, str(path.id), query.instance_id)
    return "", 204


def _check(uid: str, body: HeartbeatBody) -> None:
    expected = service_id(body.kind, body.name)
    if uid != expected:
        raise errors.InvalidService(f"name: {body.kind} {body.name!r:.60} has the id {expected}")
    if body.workers and body.kind is not Kind.PRODUCER:
        raise errors.InvalidService("workers: only a producer tells of workers")
    for number, one in enumerate(body.workers):
        if one.kind is not Kind.WORKER:
            raise errors.InvalidService(f"workers.{number}.kind: must be worker, not {one.kind}")


def _record(seen: Seen) -> dict[str, Any]:
    times = {"started_at": as_text(seen.started_at), "seen_at": as_text(seen.seen_at)}
    return {name: getattr(seen, name) for name in FIELDS} | _served(seen) | times


def _served(seen: Seen) -> dict[str, list[str] | None]:
    if seen.kind != Kind.WORKER:
        return {"kinds": None, "labels": None}
    ability = ability_of(seen.report)
    return {"kinds": sorted(ability.kinds), "labels": sorted(ability.labels)}
