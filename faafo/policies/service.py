# SPDX-License-Identifier: Apache-2.0
"""Rules about the registry of services."""

from oslo_policy.policy import RuleDefault

from faafo.policies.base import ADMIN, SERVICE, rule

rules = [
    rule(
        "service:list",
        ADMIN,
        "List the services, show the page of the system.",
        "GET /api/service",
        "GET /system",
    ),
    rule("service:get", ADMIN, "Show a service.", "GET /api/service/{id}"),
    rule(
        "service:update",
        ADMIN,
        "Disable a producer or a worker, or enable it again.",
        "PATCH /api/service/{id}",
        "POST /system/service/{uid}",
    ),
    rule(
        "service:report",
        SERVICE,
        "Tell that a service is alive, or that it has ended.",
        "PUT /api/service/{id}",
        "DELETE /api/service/{id}",
    ),
    RuleDefault(
        "service:delete",
        ADMIN,
        "Remove a service that is down: DELETE /api/service/{id} without instance_id.",
    ),
]
