# SPDX-License-Identifier: Apache-2.0
"""Rules about the backlog."""

from faafo.policies.base import MONITORING, rule

rules = [
    rule("backlog:get", MONITORING, "Show how much work there is.", "GET /api/backlog"),
]
