# SPDX-License-Identifier: Apache-2.0
"""Health checks, for load balancers and operators."""

from typing import Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field
from sqlalchemy import update

from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.db import db
from faafo.db.models import Deletions

blueprint = APIBlueprint(
    "health",
    __name__,
    abp_tags=[Tag(name="health", description="Health checks, for load balancers and operators")],
    abp_responses=ERRORS,
)


class Health(BaseModel):
    """The response of a healthy service."""

    status: str = Field(description="ok; otherwise the answer is 503")


@blueprint.get("/healthcheck", operation_id="check_health", responses={200: Health})
def get_health() -> Any:
    """Return 200 when the database can be written, else 503."""
    # It matches no row: only a database that takes no changes refuses it.
    db.session.execute(update(Deletions).where(Deletions.id < 0).values(count=0))
    db.session.rollback()
    return jsonify(status="ok")


@blueprint.get("/healthcheck/store", operation_id="check_store", responses={200: Health})
def get_store_health() -> Any:
    """Return 200 when the image store is writable, else 503."""
    with collaborators().bulkheads.images.place():
        collaborators().store.check()
    return jsonify(status="ok")
