# SPDX-License-Identifier: Apache-2.0
"""The resource ``claim`` of the REST API: leases on fractals, for producers."""

import logging
from collections.abc import Sequence
from datetime import UTC
from functools import partial
from typing import Any

from flask import g, jsonify
from flask_openapi import APIBlueprint, Tag

from faafo.api import examples
from faafo.api.claim_schemas import (
    Claimable,
    ClaimAnswer,
    Claimed,
    ClaimUpdate,
    Completed,
    NewClaim,
    Wait,
)
from faafo.api.entries import Malformed, problems, valid
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.core.stored_image import delete_image, publish, tidy_posters
from faafo.db import batch, claims, db, fractals, joins, leases
from faafo.db.models import Fractal
from faafo.fractal.kinds import Need
from faafo.fractal.parts import Join
from faafo.fractal.service import Kind
from faafo.tracing import spans

LOG = logging.getLogger(__name__)

blueprint = APIBlueprint(
    "claim",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="claim", description="Leases on fractals, for producers")],
    abp_responses=ERRORS,
)


@blueprint.get("/claim", operation_id="check_claim", responses={200: Claimable})
def get_claim(query: Wait) -> Any:
    """Tell whether there is a fractal to claim; wait for one up to ``wait`` seconds."""
    g.is_routine = True
    look = partial(_is_any_claimable, _terms(query.parameter_version, query.needs))
    return jsonify(claimable=collaborators().arrivals.wait(query.wait, look))


def _terms(parameters: int, needs: tuple[Need, ...]) -> claims.Terms:
    return claims.Terms(parameters, collaborators().limits.max_rendering, needs)


def _is_any_claimable(terms: claims.Terms) -> bool:
    if collaborators().upkeep.is_paused:
        return False
    try:
        return claims.is_any_claimable(db.session, terms)
    finally:
        # A request that waits keeps no connection of the pool.
        db.session.remove()


@blueprint.post(
    "/claim",
    operation_id="create_claim",
    request_body=examples.json_body(NewClaim, examples.CLAIM),
    responses={200: Claimed},
)
def post_claim(body: NewClaim) -> Any:
    """Claim queued fractals for rendering, by priority and age; a disabled producer gets none."""
    ours, told = collaborators(), _told()
    claimed: Sequence[Fractal] = []
    if ours.registry.may_claim(body.claimed_by) and not ours.upkeep.is_paused:
        claimed = claims.claim(
            db.session,
            body.claimed_by,
            body.count,
            body.lease,
            ours.retry_policy,
            _terms(body.parameter_version, body.needs),
        )
    knows_kinds = "serves" in body.model_fields_set
    g.is_routine = not claimed
    if spans.is_on():
        _record_queued(claimed)
    return jsonify(objects=[_claimed(fractal, knows_kinds) for fractal in claimed], **told)


def _told() -> dict[str, Any]:
    """Return what a producer has to know of its workers; it is read once a second at most."""
    disabled = collaborators().registry.disabled(Kind.WORKER)
    return {"disabled_workers": disabled} if disabled else {}


def _record_queued(claimed: Sequence[Fractal]) -> None:
    """Record for each fractal how long it could have been claimed."""
    for one in claimed:
        if one.claimed_at is not None:
            since, until = (
                at.replace(tzinfo=UTC).timestamp() for at in (one.claimable_at, one.claimed_at)
            )
            attributes: spans.Attributes = {"faafo.uuid": one.uuid, "faafo.attempt": one.attempt}
            spans.record("queued", one.correlation, since, until, attributes=attributes)


def _claimed(fractal: Fractal, knows_kinds: bool) -> dict[str, Any]:
    """Return the record of a claimed fractal with what its producer alone is told."""
    told = {"token": fractal.token, **fractal.correlation.members()}
    part = fractal.part or (joins.join_of(db.session(), fractal) if fractal.children else None)
    if part is None:
        return fractal.as_dict() | told
    # It may be of a release that refuses fields which it does not know.
    if isinstance(part, Join) and not knows_kinds:
        return fractal.as_dict() | told | {"part": part.for_earlier()}
    return fractal.as_dict() | told | {"part": part.model_dump(mode="json")}


@blueprint.put(
    "/claim",
    operation_id="update_claim",
    request_body=examples.json_body(ClaimUpdate, examples.CLAIM_UPDATE),
    responses={200: ClaimAnswer},
)
def put_claim(body: ClaimUpdate) -> Any:
    """Renew leases, record results, and release fractals."""
    policy, told = collaborators().retry_policy, _told()
    renewals = [leases.Renewal(one.lease, one.rows_done) for one in valid(body.renew)]
    releases = [leases.Release(one.lease, one.fault) for one in valid(body.release)]
    lost = leases.renew(db.session, body.claimed_by, renewals, body.lease)
    lost += leases.release(db.session, body.claimed_by, releases, policy)
    lost += _complete(body.claimed_by, valid(body.complete))
    if releases:
        collaborators().arrivals.announce()
    g.is_routine = not (body.release or body.complete)
    malformed = _malformed(body)
    lost += [one.uuid for one in malformed.values() if one.uuid is not None]
    if not malformed:
        return jsonify(lost=lost, **told)
    sentences = [f"{name}: {one.problem}" for name, one in malformed.items()]
    text = "skipping %d malformed entries of producer %r, the first: %s"
    LOG.warning(text, len(sentences), body.claimed_by, sentences[0])
    return jsonify(lost=lost, problems=sentences, **told)


def _malformed(body: ClaimUpdate) -> dict[str, Malformed]:
    """Return the malformed entries of a request by list and number."""
    return {
        **problems("renew", body.renew),
        **problems("release", body.release),
        **problems("complete", body.complete),
    }


def _complete(claimed_by: str, completed: list[Completed]) -> list[str]:
    """Record results; return the uuids of those that were refused."""
    results = [one.result for one in completed]
    refused = batch.complete_all(db.session, claimed_by, results, publish)
    collaborators().announce_ends([one.lease.uuid for one in completed])
    tidy_posters()
    known = fractals.incarnations(db.session, [lease.uuid for lease in refused])
    for lease in refused:
        current = known.get(lease.uuid)
        if current is None or lease.incarnation not in (None, current):
            # The fractal was deleted during the render: no record refers to this image.
            delete_image(lease.uuid, lease.token)
    return [lease.uuid for lease in refused]
