"""The noun ``claim`` of the REST API: how producers take fractals to have them rendered."""

from typing import Any

from flask import current_app, jsonify
from flask_openapi import APIBlueprint, Tag

from faafo.api.schemas import ERRORS, ClaimAnswer, Claimed, ClaimUpdate, NewClaim
from faafo.db import claims, db

blueprint = APIBlueprint(
    "claim",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="claim", description="Leases on fractals, for producers")],
    abp_responses=ERRORS,
)


@blueprint.post("/claim", responses={200: Claimed})
def post_claim(body: NewClaim) -> Any:
    """Claim queued fractals for rendering, oldest first."""
    policy = current_app.extensions["faafo.retry_policy"]
    claimed = claims.claim(db.session, body.claimed_by, body.count, body.lease, policy)
    return jsonify(objects=[fractal.as_dict() for fractal in claimed])


@blueprint.put("/claim", responses={200: ClaimAnswer})
def put_claim(body: ClaimUpdate) -> Any:
    """Renew leases, and give fractals back to the queue."""
    policy = current_app.extensions["faafo.retry_policy"]
    renewed = [claims.Held(**one.model_dump()) for one in body.renew]
    released = [claims.Held(**one.model_dump()) for one in body.release]
    lost = claims.renew(db.session, body.claimed_by, renewed, body.lease)
    lost += claims.release(db.session, body.claimed_by, released, policy)
    return jsonify(lost=lost)
