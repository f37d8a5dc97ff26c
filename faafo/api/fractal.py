# SPDX-License-Identifier: Apache-2.0
"""The resource ``fractal`` of the REST API."""

import json
import uuid as uuidlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import abort, current_app, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from flask_openapi.types import ResponseDict

from faafo import errors
from faafo.api import examples, image, precondition
from faafo.api import query as query_parameter
from faafo.api.schemas import (
    ERRORS,
    RESULT,
    FractalList,
    FractalPage,
    FractalPath,
    FractalRecord,
    FractalRecords,
    FractalUpdate,
    ImageAttempt,
    ImageDigest,
    NewFractal,
    NewFractals,
    StoredImage,
)
from faafo.core import stored_image
from faafo.core.collaborators import collaborators
from faafo.core.versions import under_requested_prefix
from faafo.db import db, fractals, outcomes
from faafo.db.models import Fractal
from faafo.fractal.generate import with_constant
from faafo.fractal.lease import Lease
from faafo.fractal.task import CHECKSUM_DIGITS, FractalTask
from faafo.store.base import MIMETYPE

MAX_RESULTS_PER_PAGE = 100
MUTABLE = {"attempt", "token", "image_token", "fault", *RESULT}
PNG_FILE = {MIMETYPE: {"schema": {"type": "string", "format": "binary"}}}
IMAGE_ANSWERS: ResponseDict = {
    200: {"content": PNG_FILE},
    206: {"content": PNG_FILE, "description": "the byte range that the Range header names"},
    304: {"description": "the image that the client has is current"},
    307: {"description": "a signed URL of the image, see [store] s3_redirect"},
}

blueprint = APIBlueprint(
    "fractal",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="fractal", description="Fractals and their images")],
    abp_responses=ERRORS,
)


@blueprint.post(
    "/fractal",
    request_body=examples.json_body(NewFractal, examples.FRACTAL),
    responses={201: FractalRecord},
)
def post_fractal(body: NewFractal) -> Any:
    """Queue a fractal for rendering."""
    task = _task(body)
    collaborators().limits.check(task)
    fractal = fractals.add(db.session, task)
    collaborators().arrivals.announce()
    location = under_requested_prefix(url_for("fractal.get_fractal", uuid=fractal.uuid))
    return jsonify(fractal.as_dict()), 201, {"Location": location}


@blueprint.post(
    "/fractals",
    request_body=examples.json_body(NewFractals, [examples.FRACTAL]),
    responses={201: FractalRecords},
)
def post_fractals(body: NewFractals) -> Any:
    """Queue up to 1000 fractals for rendering: all of them, or none."""
    tasks = [_task(one) for one in body.root]
    limits = collaborators().limits
    for number, task in enumerate(tasks):
        limits.check_size(task, f"{number}.")
    limits.check_queue(len(tasks))
    posted = fractals.add_all(db.session, tasks)
    collaborators().arrivals.announce()
    return jsonify(objects=[fractal.as_dict() for fractal in posted]), 201


def _task(body: NewFractal) -> FractalTask:
    """Return the task of a body; uuid and c are chosen unless they are given."""
    fields = body.model_dump()
    fields["uuid"] = body.uuid or str(uuidlib.uuid4())
    return with_constant(FractalTask(**fields))


@blueprint.get("/fractal", responses={200: FractalPage})
def get_fractals(query: FractalList) -> Any:
    """Return a page of fractals, newest first."""
    size = min(query.results_per_page, MAX_RESULTS_PER_PAGE)
    # Reading q is a part of the cost.
    with _place(query):
        search = query_parameter.parse(query.q)
        if query.marker and search.order_by:
            raise errors.InvalidQuery("marker: cannot be combined with order_by")
        page = fractals.page(
            db.session,
            size=size,
            number=query.page,
            marker=query.marker,
            where=search.where,
            order_by=search.order_by,
            counts=collaborators().counts,
        )
    answer = jsonify(
        num_results=page.total,
        objects=[fractal.as_dict() for fractal in page.fractals],
        page=query.page,
        total_pages=-(-page.total // size),
    )
    if len(page.fractals) == size and not search.order_by:
        answer.headers["Link"] = _next_link(query, size, page.fractals[-1].uuid)
    return answer


@blueprint.get("/fractal/<uuid:uuid>", responses={200: FractalRecord})
def get_fractal(path: FractalPath) -> Any:
    """Return one fractal."""
    return precondition.tagged(fractals.record(db.session, str(path.uuid)))


@blueprint.put(
    "/fractal/<uuid:uuid>",
    request_body=examples.json_body(FractalUpdate, examples.RESULT),
    responses={200: FractalRecord},
)
def put_fractal(path: FractalPath, body: FractalUpdate) -> Any:
    """Record the result of an attempt, or the fault it failed with."""
    return jsonify(_update(str(path.uuid), body).as_dict())


@blueprint.patch(
    "/fractal/<uuid:uuid>",
    request_body=examples.json_body(FractalUpdate, examples.RESULT),
    responses={200: FractalRecord},
)
def patch_fractal(path: FractalPath, body: FractalUpdate) -> Any:
    """Record the result or the fault of an attempt, as PUT does."""
    return jsonify(_update(str(path.uuid), body).as_dict())


@blueprint.delete("/fractal/<uuid:uuid>", responses={204: None})
def delete_fractal(path: FractalPath) -> Any:
    """Delete a fractal and its image."""
    uuid = str(path.uuid)
    seen = fractals.get(db.session, uuid) if precondition.is_given() else None
    if seen is not None:
        precondition.require_match(seen.as_dict())
    if not stored_image.delete_fractal(uuid, seen):
        precondition.fail()
    return "", 204


@blueprint.post("/fractal/<uuid:uuid>/retry", responses={200: FractalRecord})
def post_retry(path: FractalPath) -> Any:
    """Queue a fractal of status error again."""
    if precondition.is_given():
        precondition.require_match(fractals.record(db.session, str(path.uuid)))
    queued = outcomes.retry(db.session, str(path.uuid))
    collaborators().arrivals.announce()
    return jsonify(queued.as_dict())


@blueprint.get("/fractal/<uuid:uuid>/image", responses=IMAGE_ANSWERS)
def get_image(path: FractalPath) -> Any:
    """Return the image of a complete fractal."""
    return image.send(fractals.get(db.session, str(path.uuid)))


@blueprint.put(
    "/fractal/<uuid:uuid>/image",
    responses={200: StoredImage},
    openapi_extensions={"requestBody": {"required": True, "content": PNG_FILE}},
)
def put_image(path: FractalPath, query: ImageAttempt, header: ImageDigest) -> Any:
    """Store the image of the current attempt; workers upload it here."""
    if not current_app.config["ACCEPT_IMAGES"]:
        abort(403, description="image uploads are disabled: [api] accept_images = false")
    lease = Lease(str(path.uuid), query.attempt, query.token)
    stored = image.receive(lease, header.content_digest)
    return ("", 204) if stored is None else jsonify(stored)


def _update(uuid: str, body: FractalUpdate) -> Fractal:
    sent = body.model_dump(exclude_none=True)
    try:
        fractal = fractals.get(db.session, uuid)
    except errors.FractalNotFound:
        # The fractal was deleted during the render: no record refers to this image.
        stored_image.delete_image(uuid, body.token)
        raise
    record = fractal.as_dict()
    precondition.require_match(record)
    _refuse_changes(record, sent)
    if body.has_result:
        _check_digits(body, record["checksum"])
        result = {name: sent[name] for name in RESULT if name in sent}
        if body.attempt is None and body.token is None:
            return outcomes.complete_unfenced(db.session, uuid, result)
        lease = Lease(uuid, body.attempt or 0, body.token)
        completed = outcomes.Result(lease, result, body.image_token)
        return outcomes.complete(db.session, completed, stored_image.publish)
    if body.fault is not None and body.attempt is not None:
        lease = Lease(uuid, body.attempt, body.token)
        return outcomes.fail(db.session, lease, body.fault, collaborators().retry_policy)
    return fractal


def _check_digits(body: FractalUpdate, known: str | None) -> None:
    """Check the checksum of a result that names its attempt; a client may send a record back."""
    if body.attempt is None or body.checksum in (None, known):
        return
    if len(body.checksum) != CHECKSUM_DIGITS:
        raise errors.InvalidTask(
            f"checksum: must have {CHECKSUM_DIGITS} hexadecimal digits in the result of an "
            f"attempt, not {body.checksum!r}"
        )


def _refuse_changes(record: dict[str, Any], sent: dict[str, Any]) -> None:
    for name, value in sent.items():
        if name not in MUTABLE and record[name] != value:
            raise errors.FractalFixed(
                f"{name}: cannot be changed from {json.dumps(record[name])} to {value!r}"
            )


def _place(query: FractalList) -> AbstractContextManager[None]:
    """Return the place of a list that may read every record; others need none."""
    is_slow = query.q is not None or query.page > 1
    return collaborators().bulkheads.searches.place() if is_slow else nullcontext()


def _next_link(query: FractalList, size: int, marker: str) -> str:
    parameters: dict[str, Any] = {"results_per_page": size, "marker": marker}
    if query.q is not None:
        parameters["q"] = query.q
    url = under_requested_prefix(url_for("fractal.get_fractals", **parameters))
    return f'<{url}>; rel="next"'
