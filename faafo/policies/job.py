# SPDX-License-Identifier: Apache-2.0
"""Rules about jobs."""

from faafo.policies.base import READER_OR_SERVICE, rule

rules = [
    rule("job:get", READER_OR_SERVICE, "Show how far a fractal is.", "GET /api/job/{uuid}"),
]
