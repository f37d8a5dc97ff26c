# SPDX-License-Identifier: Apache-2.0
"""The health check, for load balancers and people."""

from typing import Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel
from sqlalchemy import text

from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.db import db

blueprint = APIBlueprint(
    "health",
    __name__,
    abp_tags=[Tag(name="health", description="Is the service well?")],
    abp_responses=ERRORS,
)


class Health(BaseModel):
    """What a healthy service answers."""

    status: str


@blueprint.get("/healthcheck", responses={200: Health})
def get_health() -> Any:
    """Answer 200 while the database can be reached, and 503 otherwise."""
    db.session.execute(text("SELECT 1"))
    return jsonify(status="ok")


@blueprint.get("/healthcheck/store", responses={200: Health})
def get_store_health() -> Any:
    """Answer 200 while images can be written, and 503 otherwise."""
    collaborators().store.check()
    return jsonify(status="ok")
