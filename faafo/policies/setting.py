# SPDX-License-Identifier: Apache-2.0
"""Rules about settings."""

from faafo.policies.base import ADMIN, SERVICE, rule

rules = [
    rule(
        "setting:list",
        SERVICE,
        "List the options that are set while services run.",
        "GET /api/setting",
    ),
    rule("setting:get", SERVICE, "Show such an option.", "GET /api/setting/{name}"),
    rule("setting:update", ADMIN, "Set an option of services.", "PUT /api/setting/{name}"),
    rule(
        "setting:delete",
        ADMIN,
        "Have services read an option from their files again.",
        "DELETE /api/setting/{name}",
    ),
]
