# SPDX-License-Identifier: Apache-2.0
"""The resource ``backlog`` of the REST API: what workers have to do, for autoscalers."""

from dataclasses import replace
from typing import Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.db import db
from faafo.db.backlog import total
from faafo.fractal.kinds import LONGEST_LABEL, Need, TaskKind

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
    oldest_seconds: float = Field(
        description="seconds for which the first of the claimable fractals has waited; 0 if none"
    )


@blueprint.get("/backlog", operation_id="show_backlog", responses={200: BacklogRecord})
def get_backlog(query: BacklogQuery) -> Any:
    """Return how much work there is for workers; counted at most once a second."""
    ours = collaborators()
    groups = ours.backlog.get(db.session())
    backlog = total(groups, ours.limits.max_rendering, query.means)
    if ours.upkeep.is_paused:
        backlog = replace(backlog, claimable=0, oldest_seconds=0.0)
    return jsonify(
        queued=backlog.queued,
        claimable=backlog.claimable,
        rendering=backlog.rendering,
        outstanding=backlog.outstanding,
        oldest_seconds=round(backlog.oldest_seconds, 1),
    )
