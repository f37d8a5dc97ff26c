# SPDX-License-Identifier: Apache-2.0
"""Errors as HTML pages for browsers; API clients get JSON."""

from http import HTTPStatus

from flask import Request, Response, make_response, render_template

from faafo.core.collaborators import collaborators

# Errors below these paths are always JSON, whatever the Accept header says.
JSON_PATHS = ("api", "v1", "healthcheck", "openapi")


def wants_page(request: Request) -> bool:
    """Return whether to answer an error with an HTML page instead of JSON."""
    if request.path.split("/", 2)[1] in JSON_PATHS:
        return False
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def error_page(status: int, message: str) -> Response:
    """Return the page of an error; that of ours, 5xx, needs no database and no image store."""
    upkeep = collaborators().upkeep
    title = HTTPStatus(status).phrase
    page = render_template(
        "faafo/error.html",
        status=status,
        title=title,
        message=message,
        known_maintenance=upkeep.known_sentence if status >= 500 else upkeep.sentence(),
    )
    return make_response(page, status)
