# SPDX-License-Identifier: Apache-2.0
"""The resource ``webhook`` of the REST API: URLs that are told what happens to fractals."""

from typing import Any

from flask import jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from sqlalchemy import Row

from faafo import errors
from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.api.webhook_schemas import (
    DeliveryList,
    DeliveryPage,
    NewSecret,
    NewWebhook,
    Queued,
    Redelivery,
    WebhookList,
    WebhookPath,
    WebhookRecord,
    WebhookUpdate,
    WebhookWithSecret,
)
from faafo.core import access, webhook_access
from faafo.core.collaborators import collaborators
from faafo.core.preference import Pause, waited_for
from faafo.core.versions import under_requested_prefix
from faafo.db import db, delivery_log, subscriptions, webhooks
from faafo.db.event_models import DeliveryStatus, Webhook
from faafo.fractal.events import as_text
from faafo.fractal.signing import new_secret

DELIVERIES_PER_PAGE = 100

blueprint = APIBlueprint(
    "webhook",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="webhook", description="URLs that are told what happens to fractals")],
    abp_responses=ERRORS,
)


@blueprint.get("/webhook", operation_id="list_webhooks", responses={200: WebhookList})
def get_webhooks() -> Any:
    """Return the webhooks of the caller's project, newest first."""
    return jsonify(webhooks=webhook_access.records(webhook_access.own()))


@blueprint.post(
    "/webhook",
    operation_id="create_webhook",
    request_body=examples.json_body(NewWebhook, examples.WEBHOOK),
    responses={201: WebhookWithSecret},
)
def post_webhook(body: NewWebhook) -> Any:
    """Make a webhook; every change after the answer is told."""
    # Once it has waited, this request is repeated: it has made its webhook.
    made_before = waited_for()
    uuid = _add(body).uuid if made_before is None else made_before
    with Pause(uuid, subscriptions.seconds_to_effect(db.session)) as pause:
        # Other processes that change fractals must know of it first.
        pause.until_over()
    made = webhooks.get(db.session, uuid)
    return _with_secret(made), 201, {"Location": _address(made)}


def _add(body: NewWebhook) -> Webhook:
    return webhooks.add(
        db.session,
        access.owner(),
        collaborators().receivers.checked("url", body.url),
        sorted(set(body.events)),
        webhook_access.collection_id(body.collection),
        body.secret or new_secret(),
    )


@blueprint.get("/webhook/<uuid:uuid>", operation_id="show_webhook", responses={200: WebhookRecord})
def get_webhook(path: WebhookPath) -> Any:
    """Return a webhook, without its secret."""
    return _answer(webhook_access.visible(str(path.uuid)))


@blueprint.patch(
    "/webhook/<uuid:uuid>",
    operation_id="update_webhook",
    request_body=examples.json_body(WebhookUpdate, {"enabled": True}),
    responses={200: WebhookRecord},
)
def patch_webhook(path: WebhookPath, body: WebhookUpdate) -> Any:
    """Change a webhook, disable it, or enable it again."""
    seen = webhook_access.visible(str(path.uuid))
    if waited_for() is None:
        seen = webhooks.change(db.session, seen, _values(seen, body))
    with Pause(seen.uuid, subscriptions.seconds_to_effect(db.session)) as pause:
        pause.until_over()
    return _answer(seen)


def _values(seen: Webhook, body: WebhookUpdate) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if seen.callback and body.model_fields_set - {"enabled"}:
        raise errors.InvalidWebhook("enabled: is all that can be changed of a callback")
    if body.url is not None:
        values["url"] = collaborators().receivers.checked("url", body.url)
    if body.events is not None:
        values["events"] = sorted(set(body.events))
    if "collection" in body.model_fields_set:
        values["collection_id"] = webhook_access.collection_id(body.collection)
    if body.enabled is not None:
        is_moved = "collection_id" in values
        values |= webhooks.enabling(None if is_moved else seen, body.enabled)
    return values


@blueprint.delete("/webhook/<uuid:uuid>", operation_id="delete_webhook", responses={204: None})
def delete_webhook(path: WebhookPath) -> Any:
    """Delete a webhook and its deliveries."""
    webhooks.remove(db.session, webhook_access.visible(str(path.uuid)))
    return "", 204


@blueprint.post("/webhook/<uuid:uuid>/ping", operation_id="ping_webhook", responses={202: Queued})
def post_ping(path: WebhookPath) -> Any:
    """Queue an event of type webhook.ping, to try the webhook."""
    seen = webhook_access.visible(str(path.uuid))
    webhooks.ping(db.session, seen)
    return _queued(1)


@blueprint.post(
    "/webhook/<uuid:uuid>/secret",
    operation_id="rotate_webhook_secret",
    request_body=examples.json_body(NewSecret, {"secret": None}),
    responses={200: WebhookWithSecret},
)
def post_secret(path: WebhookPath, body: NewSecret) -> Any:
    """Sign with another secret; for a day, deliveries are signed with the one before, too."""
    seen = webhook_access.visible(str(path.uuid))
    return _with_secret(webhooks.rotate(db.session, seen, body.secret or new_secret()))


@blueprint.get(
    "/webhook/<uuid:uuid>/delivery",
    operation_id="list_deliveries",
    responses={200: DeliveryPage},
)
def get_deliveries(path: WebhookPath, query: DeliveryList) -> Any:
    """Return up to 100 deliveries of a webhook, newest first."""
    seen = webhook_access.visible(str(path.uuid))
    rows = delivery_log.page(db.session, seen.id, DELIVERIES_PER_PAGE, query.marker, query.status)
    return jsonify(deliveries=[_delivery(row) for row in rows])


@blueprint.post(
    "/webhook/<uuid:uuid>/redeliver",
    operation_id="redeliver_webhook",
    request_body=examples.json_body(Redelivery, {"since": "2026-11-28T18:00:00Z"}),
    responses={202: Queued},
)
def post_redeliver(path: WebhookPath, body: Redelivery) -> Any:
    """Queue a delivery again, or those that were given up since a time: 1000 at a time."""
    seen = webhook_access.visible(str(path.uuid))
    webhooks.require_enabled(seen)
    if body.delivery is not None and body.since is not None:
        raise errors.InvalidWebhook("delivery: cannot be combined with since")
    if body.delivery is None:
        return _queued(delivery_log.redeliver_failed(db.session, seen.id, body.since))
    return _queued(delivery_log.redeliver(db.session, seen.id, body.delivery))


def _queued(number: int) -> Any:
    collaborators().deliveries.announce()
    return jsonify(queued=number), 202


def _answer(webhook: Webhook) -> Any:
    return jsonify(webhook_access.records([webhook])[0])


def _with_secret(webhook: Webhook) -> Any:
    answer = jsonify(webhook_access.records([webhook])[0] | {"secret": webhook.secret})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _address(webhook: Webhook) -> str:
    return under_requested_prefix(url_for("webhook.get_webhook", uuid=webhook.uuid))


def _delivery(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "event": row.event,
        "type": row.type,
        "fractal": row.fractal_uuid,
        "status": row.status,
        "attempts": row.attempt,
        "failures": row.failures,
        "http_status": row.http_status,
        "fault": row.fault,
        "duration": row.duration,
        "due_at": as_text(row.due_at) if row.status == DeliveryStatus.PENDING else None,
        "created_at": as_text(row.created_at),
        "updated_at": as_text(row.updated_at),
    }
