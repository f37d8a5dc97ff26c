# SPDX-License-Identifier: Apache-2.0
"""Rules about events."""

from faafo.policies.base import READER_OR_SERVICE, rule

rules = [
    rule("event:list", READER_OR_SERVICE, "Follow what happens to fractals.", "GET /api/event"),
]
