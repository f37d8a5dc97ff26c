# SPDX-License-Identifier: Apache-2.0
"""Rules about health checks; that of the database is public."""

from faafo.policies.base import READER_OR_SERVICE, rule

rules = [
    rule(
        "health:get_store",
        READER_OR_SERVICE,
        "Have a file written to the image store.",
        "GET /healthcheck/store",
    ),
]
