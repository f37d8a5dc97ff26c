# SPDX-License-Identifier: Apache-2.0
"""The versions of the REST API, as OpenStack's clients discover them: there is one."""

from typing import Any

from flask import Response, jsonify, request

VERSION = "v1"
# ``/v1`` is how the first faafo's clients and OpenStack's catalogue name what ``/api`` serves.
PREFIXES = ("/api", f"/{VERSION}")


def wants_versions() -> bool:
    """Tell whether a client prefers JSON to the gallery, of which it names no page."""
    if request.args:
        return False
    accepted = request.accept_mimetypes
    return accepted.quality("application/json") > accepted.quality("text/html")


def versions() -> Response:
    """Return the list of versions."""
    return jsonify(versions=[_document()])


def varying(response: Response) -> Response:
    """Return ``response``, which depends on what its client accepts."""
    response.vary.add("Accept")
    return response


def version() -> Response:
    """Return the document of the only version."""
    return jsonify(version=_document())


def _document() -> dict[str, Any]:
    url = f"{request.url_root}{VERSION}/"
    return {"id": "v1.0", "status": "CURRENT", "links": [{"rel": "self", "href": url}]}


def under_requested_prefix(path: str) -> str:
    """Return a path below ``/api`` as the client that sent this request names it."""
    old, new = (f"{request.script_root}{prefix}/" for prefix in PREFIXES)
    if request.path.startswith(f"{PREFIXES[1]}/") and path.startswith(old):
        return new + path.removeprefix(old)
    return path
