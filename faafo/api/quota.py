# SPDX-License-Identifier: Apache-2.0
"""The resource ``quota`` of the REST API: what a project may use, and what it uses."""

from dataclasses import asdict
from typing import Annotated, Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.db import db, quotas
from faafo.fractal.numbers import MAX_SIZE, WHOLE, within

Limit = Annotated[
    int, Field(strict=True, ge=-1, le=MAX_SIZE), WHOLE, within("an integer", -1, MAX_SIZE)
]

QUEUED = "fractals neither complete nor in error"
FRACTALS = "fractals of any status"
BYTES = "bytes: the sizes of the images of complete fractals"
PIXELS_PER_DAY = "pixels posted since midnight UTC"

blueprint = APIBlueprint(
    "quota",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="quota", description="What a project may use, and what it uses")],
    abp_responses=ERRORS,
)


class QuotaPath(BaseModel):
    """The id of a project."""

    project_id: str = Field(min_length=1, max_length=64, description="id of a project")


class QuotaUpdate(BaseModel):
    """Limits to set: -1 is none, null makes it the default again; others stay as they are."""

    model_config = ConfigDict(extra="forbid")

    queued: Limit | None = Field(None, description=QUEUED)
    fractals: Limit | None = Field(None, description=FRACTALS)
    bytes: Limit | None = Field(None, description=BYTES)
    pixels_per_day: Limit | None = Field(None, description=PIXELS_PER_DAY)


class Amounts(BaseModel):
    """What a quota limits."""

    queued: int = Field(description=QUEUED)
    fractals: int = Field(description=FRACTALS)
    bytes: int = Field(description=BYTES)
    pixels_per_day: int = Field(description=PIXELS_PER_DAY)


class QuotaRecord(BaseModel):
    """The limits of a project, and what it uses."""

    project_id: str = Field(description="the id of the project")
    limits: Amounts = Field(description="how much it may use; -1: no limit")
    usage: Amounts = Field(description="how much it uses")


@blueprint.get("/quota/<project_id>", operation_id="show_quota", responses={200: QuotaRecord})
def get_quota(path: QuotaPath) -> Any:
    """Return the limits of a project and what it uses."""
    access.require_project(path.project_id)
    return _record(path.project_id)


@blueprint.put(
    "/quota/<project_id>",
    operation_id="update_quota",
    request_body=examples.json_body(QuotaUpdate, {"fractals": 1000}),
    responses={200: QuotaRecord},
)
def put_quota(path: QuotaPath, body: QuotaUpdate) -> Any:
    """Set some of the limits of a project."""
    access.require_project(path.project_id)
    quotas.change(db.session, path.project_id, body.model_dump(exclude_unset=True))
    return _record(path.project_id)


@blueprint.delete("/quota/<project_id>", operation_id="delete_quota", responses={204: None})
def delete_quota(path: QuotaPath) -> Any:
    """Make all limits of a project the default again."""
    access.require_project(path.project_id)
    quotas.reset(db.session, path.project_id)
    return "", 204


def _record(project_id: str) -> Any:
    state = quotas.get(db.session, project_id, collaborators().limits.quota)
    return jsonify(project_id=project_id, limits=asdict(state.limits), usage=asdict(state.usage))
