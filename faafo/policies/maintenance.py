# SPDX-License-Identifier: Apache-2.0
"""Rules about the mode of maintenance."""

from faafo.policies.base import ADMIN, READER_OR_SERVICE, rule

rules = [
    rule(
        "maintenance:get",
        READER_OR_SERVICE,
        "Show the mode of maintenance.",
        "GET /api/maintenance",
    ),
    rule(
        "maintenance:update",
        ADMIN,
        "Set the mode of maintenance.",
        "PUT /api/maintenance",
        "POST /system/maintenance",
    ),
]
