# SPDX-License-Identifier: Apache-2.0
"""The resource ``fractal`` of the REST API."""

from functools import partial
from typing import Any

from flask import abort, current_app, jsonify
from flask_openapi import APIBlueprint, Tag
from flask_openapi.types import ResponseDict

from faafo.api import examples, image, listing, new_fractals, precondition, report
from faafo.api.report_schemas import FractalUpdate, ImageAttempt, ImageDigest, StoredImage
from faafo.api.schemas import (
    ERRORS,
    FractalList,
    FractalPage,
    FractalPath,
    FractalRecord,
    FractalRecords,
    NewFractals,
    NewPoster,
    PostedFractal,
    Sharing,
)
from faafo.core import access, jobs, stored_image
from faafo.core.preference import Waiting
from faafo.db import db, fractals
from faafo.fractal.lease import Lease
from faafo.fractal.media import FILMS, IMAGE, SEGMENT, Medium


def _content(*media: Medium) -> dict[str, Any]:
    return {one.mimetype: {"schema": {"type": "string", "format": "binary"}} for one in media}


FILES = _content(IMAGE, SEGMENT, *FILMS.values())
IMAGE_ANSWERS: ResponseDict = {
    200: {"content": FILES},
    206: {
        "content": FILES,
        "description": "the byte range that the Range header names",
    },
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
    operation_id="create_fractal",
    request_body=examples.json_body(NewPoster, examples.FRACTAL),
    responses={201: PostedFractal},
)
def post_fractal(body: NewPoster) -> Any:
    """Queue a fractal for rendering; with ``Prefer: wait=N``, answer when it has ended."""
    return new_fractals.answer(partial(new_fractals.post, body))


@blueprint.post(
    "/fractals",
    operation_id="create_fractals",
    request_body=examples.json_body(NewFractals, [examples.FRACTAL]),
    responses={201: FractalRecords},
)
def post_fractals(body: NewFractals) -> Any:
    """Queue up to 1000 fractals for rendering: all of them, or none."""
    return jsonify(objects=new_fractals.post_all(body.root)), 201


@blueprint.get("/fractal", operation_id="list_fractals", responses={200: FractalPage})
def get_fractals(query: FractalList) -> Any:
    """Return a page of fractals, newest first: those of the caller's project by default."""
    return listing.answer(query, "fractal.get_fractals")


@blueprint.get("/fractal/<uuid:uuid>", operation_id="show_fractal", responses={200: FractalRecord})
def get_fractal(path: FractalPath) -> Any:
    """Return one fractal; with ``Prefer: wait=N``, when it has ended."""
    uuid = str(path.uuid)
    with Waiting(uuid) as waiting:
        record = access.visible_record(uuid)
        waiting.until_ended(record["status"])
    return waiting.applied(precondition.tagged(record))


@blueprint.put(
    "/fractal/<uuid:uuid>",
    operation_id="update_fractal",
    request_body=examples.json_body(FractalUpdate, examples.RESULT),
    responses={200: FractalRecord},
)
def put_fractal(path: FractalPath, body: FractalUpdate) -> Any:
    """Record the result of an attempt, or the fault it failed with."""
    return jsonify(report.record(str(path.uuid), body).as_dict())


@blueprint.patch(
    "/fractal/<uuid:uuid>",
    operation_id="patch_fractal",
    request_body=examples.json_body(FractalUpdate, examples.RESULT),
    responses={200: FractalRecord},
)
def patch_fractal(path: FractalPath, body: FractalUpdate) -> Any:
    """Record the result or the fault of an attempt, as PUT does."""
    return jsonify(report.record(str(path.uuid), body).as_dict())


@blueprint.delete("/fractal/<uuid:uuid>", operation_id="delete_fractal", responses={204: None})
def delete_fractal(path: FractalPath) -> Any:
    """Delete a fractal and its image."""
    seen = access.changeable(str(path.uuid))
    precondition.require_match(seen.as_dict())
    if not stored_image.delete_fractal(seen, only_as_seen=precondition.is_given()):
        precondition.fail()
    return "", 204


@blueprint.post(
    "/fractal/<uuid:uuid>/retry", operation_id="retry_fractal", responses={200: FractalRecord}
)
def post_retry(path: FractalPath) -> Any:
    """Queue a fractal of status error again."""
    seen = access.changeable(str(path.uuid))
    precondition.require_match(seen.as_dict())
    return jsonify(jobs.retry(seen).as_dict())


@blueprint.put(
    "/fractal/<uuid:uuid>/shared",
    operation_id="share_fractal",
    request_body=examples.json_body(Sharing, {"shared": True}),
    responses={200: FractalRecord},
)
def put_shared(path: FractalPath, body: Sharing) -> Any:
    """Let all projects see a fractal, or no longer."""
    seen = access.changeable(str(path.uuid))
    precondition.require_match(seen.as_dict())
    return jsonify(fractals.share(db.session, seen, body.shared).as_dict())


@blueprint.get("/fractal/<uuid:uuid>/image", operation_id="download_image", responses=IMAGE_ANSWERS)
def get_image(path: FractalPath) -> Any:
    """Return the image of a complete fractal, a film, or the segment of a part of a picture."""
    return image.send(access.visible(str(path.uuid)))


@blueprint.put(
    "/fractal/<uuid:uuid>/image",
    operation_id="upload_image",
    responses={200: StoredImage},
    openapi_extensions={"requestBody": {"required": True, "content": FILES}},
)
def put_image(path: FractalPath, query: ImageAttempt, header: ImageDigest) -> Any:
    """Store the image of the current attempt; workers upload it here."""
    if not current_app.config["ACCEPT_IMAGES"]:
        abort(403, description="image uploads are disabled: [api] accept_images = false")
    lease = Lease(str(path.uuid), query.attempt, query.token)
    stored = image.receive(lease, header.content_digest)
    return ("", 204) if stored is None else jsonify(stored)
