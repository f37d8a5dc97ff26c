# SPDX-License-Identifier: Apache-2.0
"""The pages of a project's webhooks: their last deliveries, and what failed, in words."""

from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core import access, webhook_access
from faafo.core.collaborators import collaborators
from faafo.core.csrf import reject_cross_site_posts
from faafo.core.preference import Pause, waited_for
from faafo.db import db, delivery_log, subscriptions, webhooks
from faafo.db.event_models import Webhook
from faafo.fractal.events import ENDINGS, TYPES
from faafo.fractal.signing import new_secret

# Deliveries on the page of a webhook.
SHOWN = 50

blueprint = Blueprint("webhooks", __name__)
blueprint.before_request(reject_cross_site_posts)


@blueprint.get("/webhooks")
def get_webhooks() -> str:
    """Show the webhooks of the visitor's project."""
    return _list()


@blueprint.post("/webhooks")
def post_webhooks() -> Response | tuple[str, int]:
    """Make a webhook; the answer is the only page that shows its secret."""
    # Once it has waited, this request is repeated: it has made its webhook.
    made_before = waited_for()
    try:
        uuid = _add().uuid if made_before is None else made_before
    except (errors.InvalidWebhook, errors.QuotaExceeded) as error:
        return _list(str(error)), 400
    with Pause(uuid, subscriptions.seconds_to_effect(db.session)) as pause:
        # Other processes that change fractals must know of it first.
        pause.until_over()
    made = webhooks.get(db.session, uuid)
    return _show(made, made.secret)


def _add() -> Webhook:
    """Make the webhook that the form describes.

    :raises faafo.errors.InvalidWebhook: when there can be none like that.
    """
    url = collaborators().receivers.checked("url", request.form.get("url", "").strip())
    kinds = sorted(set(request.form.getlist("events")))
    if not kinds or not set(kinds) <= set(TYPES):
        raise errors.InvalidWebhook("events: choose one at least")
    return webhooks.add(db.session, access.owner(), url, kinds, None, new_secret())


@blueprint.get("/webhook/<uuid:uuid>")
def get_webhook(uuid: UUID) -> Response:
    """Show a webhook and its last deliveries."""
    return _show(webhook_access.visible(str(uuid)))


@blueprint.post("/webhook/<uuid:uuid>")
def post_webhook(uuid: UUID) -> Response:
    """Disable a webhook, or enable it again: the form says which."""
    seen = webhook_access.visible(str(uuid))
    enabled = "enabled" in request.form
    webhooks.change(db.session, seen, webhooks.enabling(seen, enabled))
    return _back(seen)


@blueprint.post("/webhook/<uuid:uuid>/secret")
def post_secret(uuid: UUID) -> Response:
    """Rotate the secret of a webhook; the answer is the only page that shows the new one."""
    secret = new_secret()
    return _show(webhooks.rotate(db.session, webhook_access.visible(str(uuid)), secret), secret)


@blueprint.post("/webhook/<uuid:uuid>/ping")
def post_ping(uuid: UUID) -> Response:
    """Queue an event to try a webhook."""
    seen = webhook_access.visible(str(uuid))
    webhooks.ping(db.session, seen)
    collaborators().deliveries.announce()
    return _back(seen)


@blueprint.post("/webhook/<uuid:uuid>/redeliver")
def post_redeliver(uuid: UUID) -> Response:
    """Queue the delivery that the form names again, or all that were given up."""
    seen = webhook_access.visible(str(uuid))
    webhooks.require_enabled(seen)
    delivery = request.form.get("delivery")
    if delivery is None:
        delivery_log.redeliver_failed(db.session, seen.id, None)
    elif delivery.isdecimal() and len(delivery) < 16:
        delivery_log.redeliver(db.session, seen.id, int(delivery))
    else:
        raise errors.DeliveryNotFound(f"delivery: must be a number, not {delivery!r:.60}")
    collaborators().deliveries.announce()
    return _back(seen)


@blueprint.get("/webhook/<uuid:uuid>/delete")
def get_delete(uuid: UUID) -> str:
    """Show a page that asks to confirm the deletion of a webhook."""
    seen = webhook_access.visible(str(uuid))
    return render_template("faafo/delete_webhook.html", webhook=seen)


@blueprint.post("/webhook/<uuid:uuid>/delete")
def post_delete(uuid: UUID) -> Response:
    """Delete a webhook and show the others."""
    webhooks.remove(db.session, webhook_access.visible(str(uuid)))
    return redirect(url_for("webhooks.get_webhooks"), code=303)


def _back(webhook: Webhook) -> Response:
    return redirect(url_for("webhooks.get_webhook", uuid=webhook.uuid), code=303)


def _show(webhook: Webhook, secret: str | None = None) -> Response:
    deliveries = delivery_log.page(db.session, webhook.id, SHOWN)
    page = render_template(
        "faafo/webhook.html", webhook=webhook, deliveries=deliveries, secret=secret
    )
    response = make_response(page)
    if secret is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def _list(error: str | None = None) -> str:
    listed = webhook_access.own()
    failed = {one.id: delivery_log.failed(db.session, one.id) for one in listed}
    return render_template(
        "faafo/webhooks.html",
        webhooks=listed,
        failed=failed,
        most=delivery_log.MOST,
        types=TYPES,
        chosen=request.form.getlist("events") or sorted(ENDINGS),
        error=error,
        url=request.form.get("url", ""),
    )
