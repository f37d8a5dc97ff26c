# SPDX-License-Identifier: Apache-2.0
"""Preconditions of a change: the header ``If-Match`` and the ETag of a record (RFC 9110, 13)."""

from typing import Any

from flask import Response, abort, jsonify, request


def tagged(record: dict[str, Any]) -> Response:
    """Return the answer that shows ``record``, with its ETag; 304 when the client has it."""
    response = jsonify(record)
    response.add_etag()
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def is_given() -> bool:
    """Tell whether the request has a precondition."""
    return "If-Match" in request.headers


def require_match(record: dict[str, Any]) -> None:
    """Abort with 412 unless ``record`` is what the header ``If-Match`` names, if there is one."""
    if not is_given() or request.if_match.star_tag:
        return
    response = jsonify(record)
    response.add_etag()
    etag, _ = response.get_etag()
    if etag is None or not request.if_match.contains(etag):
        fail()


def fail() -> None:
    """Abort with 412."""
    abort(412, description="If-Match: the fractal has changed; get it again")
