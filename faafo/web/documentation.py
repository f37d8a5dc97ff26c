# SPDX-License-Identifier: Apache-2.0
"""The documentation of the API: its start page, Swagger UI on phones and below path prefixes."""

from typing import Any, cast

from flask import Flask, current_app, request
from flask_openapi import OpenAPI
from flask_openapi_swagger.templates import swagger_html_string

# flask-openapi renders a string, not a file.
START_PAGE = '{% extends "faafo/documentation.html" %}'
# Without a viewport a phone lays the page out 980 px wide. Words as long as paths may be broken.
FITTED_HEAD = """<head>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="{{ url_for('web.static', filename='documentation.css') }}">"""


def register(app: Flask) -> None:
    """Replace the start page and the document of flask-openapi; add to the head of Swagger UI."""
    app.config["OPENAPI_HTML_STRING"] = START_PAGE
    app.config["SWAGGER_HTML_STRING"] = swagger_html_string.replace("<head>", FITTED_HEAD, 1)
    app.view_functions["openapi.doc_url"] = _document


def _document() -> dict[str, Any]:
    """Return the OpenAPI document; it names the path prefix, below which clients send calls."""
    document: dict[str, Any] = cast(OpenAPI, current_app).api_doc
    if not request.script_root:
        return document
    return {**document, "servers": [{"url": request.script_root}]}
