# SPDX-License-Identifier: Apache-2.0
"""The resource ``delivery`` of the REST API: leases on deliveries, for notifiers."""

from functools import partial
from typing import Any

from flask import g, jsonify
from flask_openapi import APIBlueprint, Tag

from faafo.api import examples
from faafo.api.claim_schemas import Claimable
from faafo.api.delivery_schemas import (
    ClaimedDeliveries,
    DeliveryAnswer,
    DeliveryUpdate,
    DeliveryWait,
    Held,
    NewDeliveryClaim,
)
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.correlation import Correlation
from faafo.db import db, deliveries, delivery_log, delivery_reports, subscriptions, webhooks
from faafo.db.deliveries import Claimed
from faafo.db.delivery_choice import Wanted
from faafo.fractal.events import as_text

# Seconds for which events are written for the bus after a claim that takes them.
BUS_SECONDS = 86_400.0

blueprint = APIBlueprint(
    "delivery",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="delivery", description="Leases on deliveries, for notifiers")],
    abp_responses=ERRORS,
)


@blueprint.get("/delivery/claim", operation_id="check_deliveries", responses={200: Claimable})
def get_claim(query: DeliveryWait) -> Any:
    """Tell whether there is a delivery to claim; wait for one up to ``wait`` seconds."""
    g.is_routine = True
    found = collaborators().deliveries.wait(query.wait, partial(_is_any_due, query.bus))
    return jsonify(claimable=found)


def _is_any_due(bus: bool) -> bool:
    try:
        return deliveries.is_any_due(db.session, bus)
    finally:
        # A request that waits keeps no connection of the pool.
        db.session.remove()


@blueprint.post(
    "/delivery/claim",
    operation_id="create_delivery_claim",
    request_body=examples.json_body(NewDeliveryClaim, examples.DELIVERY_CLAIM),
    responses={200: ClaimedDeliveries},
)
def post_claim(body: NewDeliveryClaim) -> Any:
    """Claim deliveries that are due, some of each webhook."""
    receivers = collaborators().receivers
    if body.bus and receivers.renewals.lets(subscriptions.BUS):
        subscriptions.subscribe(db.session, subscriptions.BUS, BUS_SECONDS)
    if receivers.purges.lets("events"):
        delivery_log.purge(db.session, receivers.retention)
        webhooks.purge_callbacks(db.session, receivers.retention)
    wanted = Wanted(
        body.count,
        body.per_webhook,
        body.per_tenant,
        body.busy,
        body.busy_tenants,
        body.bus,
    )
    claimed = deliveries.claim(db.session, body.claimed_by, wanted, body.lease)
    g.is_routine = not claimed
    return jsonify(objects=[_due(one) for one in claimed])


@blueprint.put(
    "/delivery/claim",
    operation_id="update_delivery_claim",
    request_body=examples.json_body(DeliveryUpdate, examples.DELIVERY_REPORT),
    responses={200: DeliveryAnswer},
)
def put_claim(body: DeliveryUpdate) -> Any:
    """Renew and release leases on deliveries, and report what came of them."""
    schedule = collaborators().receivers.schedule
    lost = deliveries.renew(db.session, body.claimed_by, _held(body.renew), body.lease)
    lost += deliveries.release(db.session, body.claimed_by, _held(body.release))
    delivered = [one.outcome for one in body.delivered]
    lost += delivery_reports.delivered(db.session, body.claimed_by, delivered)
    failed = [one.outcome for one in body.failed]
    lost += delivery_reports.failed(db.session, body.claimed_by, failed, schedule)
    g.is_routine = not (body.release or body.delivered or body.failed)
    return jsonify(lost=lost)


def _held(entries: list[Held]) -> list[tuple[int, int]]:
    return [(one.id, one.attempt) for one in entries]


def _due(claimed: Claimed) -> dict[str, Any]:
    event, webhook = claimed.event, claimed.webhook
    return {
        "id": claimed.id,
        "attempt": claimed.attempt,
        "event": {
            "uuid": event.uuid,
            "type": event.type,
            "created_at": as_text(event.created_at),
            "body": event.body,
            **Correlation(event.request_id, event.traceparent).members(),
        },
        "webhook": webhook
        and {
            "uuid": webhook.uuid,
            "url": webhook.url,
            "tenant": claimed.tenant,
            "secrets": list(claimed.secrets),
        },
    }
