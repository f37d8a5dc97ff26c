# SPDX-License-Identifier: Apache-2.0
"""Rules about webhooks; ``fractal:all_projects`` opens those of other projects by uuid."""

from faafo.policies.base import MEMBER, READER, rule

rules = [
    rule(
        "webhook:list",
        READER,
        "List the webhooks of one's project.",
        "GET /api/webhook",
        "GET /webhooks",
    ),
    rule(
        "webhook:get",
        READER,
        "Show a webhook and its deliveries.",
        "GET /api/webhook/{uuid}",
        "GET /api/webhook/{uuid}/delivery",
        "GET /webhook/{uuid}",
    ),
    rule("webhook:create", MEMBER, "Make a webhook.", "POST /api/webhook", "POST /webhooks"),
    rule(
        "webhook:update",
        MEMBER,
        "Change or disable a webhook, rotate its secret.",
        "PATCH /api/webhook/{uuid}",
        "POST /api/webhook/{uuid}/secret",
        "POST /webhook/{uuid}",
        "POST /webhook/{uuid}/secret",
    ),
    rule(
        "webhook:deliver",
        MEMBER,
        "Ping a webhook, have deliveries repeated.",
        "POST /api/webhook/{uuid}/ping",
        "POST /api/webhook/{uuid}/redeliver",
        "POST /webhook/{uuid}/ping",
        "POST /webhook/{uuid}/redeliver",
    ),
    rule(
        "webhook:delete",
        MEMBER,
        "Delete a webhook.",
        "DELETE /api/webhook/{uuid}",
        "GET /webhook/{uuid}/delete",
        "POST /webhook/{uuid}/delete",
    ),
]
