# SPDX-License-Identifier: Apache-2.0
"""Rules about quotas."""

from faafo.policies.base import ADMIN, READER, rule

rules = [
    rule(
        "quota:get",
        READER,
        "Show the quota of one's project; fractal:all_projects opens those of others.",
        "GET /api/quota/{project_id}",
    ),
    rule("quota:update", ADMIN, "Set limits of a project.", "PUT /api/quota/{project_id}"),
    rule(
        "quota:delete",
        ADMIN,
        "Make the limits of a project the default again.",
        "DELETE /api/quota/{project_id}",
    ),
]
