# SPDX-License-Identifier: Apache-2.0
"""The resource ``backlog`` of the REST API: what workers have to do, for autoscalers."""

from typing import Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.core.unserved import served
from faafo.db import db
from faafo.db.backlog import total
from faafo.fractal.kinds import LONGEST_LABEL, Need, TaskKind
from faafo.fractal.service import Kind

blueprint = APIBlueprint(
    "backlog",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="backlog", description="What workers have to do, for autoscalers")],
    abp_responses=ERRORS,
)


class BacklogQuery(BaseModel):
    """Of which fractals the backlog is."""

    model_config = ConfigDict(extra="forbid")

    kind: TaskKind | None = Field(None, description="only what needs a worker of this kind")
    label: str | None = Field(
        None,
        pattern=f"^[A-Za-z0-9._-]{{0,{LONGEST_LABEL}}}$",
        description="only what asks for workers with this label; empty: what asks for none",
    )

    def means(self, need: Need) -> bool:
        """Tell whether fractals with a need are meant."""
        is_kind = self.kind in (None, need.kind)
        return is_kind and (self.label is None or self.label == (need.label or ""))


class BacklogRecord(BaseModel):
    """What workers have to do; parts of posters count as fractals."""

    queued: int = Field(description="number of fractals that are queued")
    claimable: int = Field(
        description="number of those that a claim would hand out now; 0 while renders are paused"
    )
    rendering: int = Field(description="number of fractals that workers have")
    outstanding: int = Field(description="number of claimable and rendering fractals")
    unserved: int = Field(
        description="number of claimable fractals that no live worker serves; 0 if no worker is up"
    )
    servable: int = Field(description="number of outstanding fractals without unserved ones")
    oldest_seconds: float = Field(
        description="seconds for which the first of the claimable fractals has waited; 0 if none"
    )


@blueprint.get("/backlog", operation_id="show_backlog", responses={200: BacklogRecord})
def get_backlog(query: BacklogQuery) -> Any:
    """Return how much work there is for workers; counted at most once a second."""
    ours = collaborators()
    groups = ours.backlog.get(db.session())
    limit = ours.limits.max_rendering
    backlog = total(groups, limit, query.means)
    able = total(served(groups, ours.registry.listed(Kind.WORKER)), limit, query.means)
    claimable, unserved, oldest = (
        (0, 0, 0.0)
        if ours.upkeep.is_paused
        else (backlog.claimable, backlog.claimable - able.claimable, backlog.oldest_seconds)
    )
    return jsonify(
        queued=backlog.queued,
        claimable=claimable,
        rendering=backlog.rendering,
        outstanding=claimable + backlog.rendering,
        unserved=unserved,
        servable=claimable - unserved + backlog.rendering,
        oldest_seconds=round(oldest, 1),
    )
