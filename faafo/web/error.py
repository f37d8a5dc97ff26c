# SPDX-License-Identifier: Apache-2.0
"""Errors as pages, for people who browse; programs get theirs from the API, in JSON."""

from http import HTTPStatus

from flask import Request, Response, make_response, render_template

# What lies below these belongs to programs, whatever a browser says it would like.
MACHINE_PATHS = ("api", "healthcheck", "openapi")


def wants_page(request: Request) -> bool:
    """Tell whether an error is better answered with a page than with JSON."""
    if request.path.split("/", 2)[1] in MACHINE_PATHS:
        return False
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def error_page(status: int, message: str) -> Response:
    """Return the page about an error; it needs neither the database nor the image store."""
    title = HTTPStatus(status).phrase
    page = render_template("faafo/error.html", status=status, title=title, message=message)
    return make_response(page, status)
