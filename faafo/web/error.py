# SPDX-License-Identifier: Apache-2.0
"""Errors as HTML pages for browsers; API clients get JSON."""

from http import HTTPStatus

from flask import Request, Response, make_response, render_template

# Errors below these paths are always JSON, whatever the Accept header says.
JSON_PATHS = ("api", "v1", "healthcheck", "openapi")


def wants_page(request: Request) -> bool:
    """Return whether to answer an error with an HTML page instead of JSON."""
    if request.path.split("/", 2)[1] in JSON_PATHS:
        return False
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def error_page(status: int, message: str) -> Response:
    """Return the page of an error; needs neither the database nor the image store."""
    title = HTTPStatus(status).phrase
    page = render_template("faafo/error.html", status=status, title=title, message=message)
    return make_response(page, status)
