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
from faafo.fractal.task import MAX_SIZE, WHOLE, within

Limit = Annotated[
    int, Field(strict=True, ge=-1, le=MAX_SIZE), WHOLE, within("an integer", -1, MAX_SIZE)
]

blueprint = APIBlueprint(
    "quota",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="quota", description="What a project may use, and what it uses")],
    abp_responses=ERRORS,
)


class QuotaPath(BaseModel):
    """The id of a project."""

    project_id: str = Field(min_length=1, max_length=64)


class QuotaUpdate(BaseModel):
    """Limits to set: -1 is none, null makes it the default again; others stay as they are."""

    model_config = ConfigDict(extra="forbid")

    queued: Limit | None = Field(None, description="fractals neither complete nor in error")
    fractals: Limit | None = Field(None, description="fractals of any status")
    bytes: Limit | None = Field(None, description="size of the images of complete fractals")
    pixels_per_day: Limit | None = Field(None, description="posted since midnight UTC")


class Amounts(BaseModel):
    """What a quota limits."""

    queued: int
    fractals: int
    bytes: int
    pixels_per_day: int


class QuotaRecord(BaseModel):
    """The limits of a project, of which -1 is none, and what it uses."""

    project_id: str
    limits: Amounts
    usage: Amounts


@blueprint.get("/quota/<project_id>", responses={200: QuotaRecord})
def get_quota(path: QuotaPath) -> Any:
    """Return the limits of a project and what it uses."""
    access.require_project(path.project_id)
    return _record(path.project_id)


@blueprint.put(
    "/quota/<project_id>",
    request_body=examples.json_body(QuotaUpdate, {"fractals": 1000}),
    responses={200: QuotaRecord},
)
def put_quota(path: QuotaPath, body: QuotaUpdate) -> Any:
    """Set some of the limits of a project."""
    access.require_project(path.project_id)
    quotas.change(db.session, path.project_id, body.model_dump(exclude_unset=True))
    return _record(path.project_id)


@blueprint.delete("/quota/<project_id>", responses={204: None})
def delete_quota(path: QuotaPath) -> Any:
    """Make all limits of a project the default again."""
    access.require_project(path.project_id)
    quotas.reset(db.session, path.project_id)
    return "", 204


def _record(project_id: str) -> Any:
    state = quotas.get(db.session, project_id, collaborators().limits.quota)
    return jsonify(project_id=project_id, limits=asdict(state.limits), usage=asdict(state.usage))
