# SPDX-License-Identifier: Apache-2.0
"""Rules about leases, which producers hold."""

from faafo.policies.base import SERVICE, rule

rules = [
    rule("claim:get", SERVICE, "Wait until there are fractals to claim.", "GET /api/claim"),
    rule("claim:create", SERVICE, "Claim queued fractals.", "POST /api/claim"),
    rule(
        "claim:update",
        SERVICE,
        "Renew and release leases, and record results.",
        "PUT /api/claim",
    ),
]
