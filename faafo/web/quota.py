# SPDX-License-Identifier: Apache-2.0
"""The line on the form that says how much of its quota a project uses."""

from faafo.core.collaborators import collaborators
from faafo.core.context import request_context
from faafo.db import db, quotas

WORDS = {
    "queued": "fractals queued",
    "fractals": "fractals in all",
    "bytes": "bytes of images",
    "pixels_per_day": "pixels posted today",
}


def usage() -> list[tuple[int, int, str]]:
    """Return used amount, limit and words for each limit of the visitor's project."""
    project_id = request_context().project_id
    if project_id is None:
        return []
    state = quotas.get(db.session, project_id, collaborators().limits.quota)
    return [
        (getattr(state.usage, name), limit, words)
        for name, words in WORDS.items()
        if (limit := getattr(state.limits, name)) >= 0
    ]
