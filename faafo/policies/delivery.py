# SPDX-License-Identifier: Apache-2.0
"""Rules about deliveries, which notifiers make."""

from faafo.policies.base import SERVICE, rule

rules = [
    rule(
        "delivery:claim",
        SERVICE,
        "Wait for deliveries and claim them, with the secrets of their webhooks.",
        "GET /api/delivery/claim",
        "POST /api/delivery/claim",
    ),
    rule("delivery:report", SERVICE, "Report on deliveries.", "PUT /api/delivery/claim"),
]
