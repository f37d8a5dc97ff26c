# SPDX-License-Identifier: Apache-2.0
"""Rules about locks, which producers and scripts of administrators hold."""

from faafo.policies.base import SERVICE, rule

rules = [
    rule("lock:get", SERVICE, "Show a lock, wait until it is free.", "GET /api/lock/{name}"),
    rule("lock:create", SERVICE, "Acquire a lock.", "POST /api/lock/{name}"),
    rule("lock:update", SERVICE, "Have a lock expire later.", "PUT /api/lock/{name}"),
    rule("lock:delete", SERVICE, "Release a lock.", "DELETE /api/lock/{name}"),
]
