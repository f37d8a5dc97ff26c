"""The noun ``claim`` of the REST API: how producers take fractals to have them rendered."""

from datetime import timedelta
from typing import Any

from flask import jsonify
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
    lease = timedelta(seconds=body.lease)
    claimed = claims.claim(db.session, body.claimed_by, body.count, lease)
    return jsonify(objects=[fractal.as_dict() for fractal in claimed])


@blueprint.put("/claim", responses={200: ClaimAnswer})
def put_claim(body: ClaimUpdate) -> Any:
    """Renew leases, and give fractals back to the queue."""
    lease = timedelta(seconds=body.lease)
    lost = [
        held.uuid
        for held in body.renew
        if not claims.renew(db.session, body.claimed_by, held.uuid, held.attempt, lease)
    ]
    lost += [
        held.uuid
        for held in body.release
        if not claims.release(db.session, body.claimed_by, held.uuid, held.attempt)
    ]
    return jsonify(lost=lost)
