# SPDX-License-Identifier: Apache-2.0
"""The documentation of the API: its start page, and Swagger UI made to fit a phone."""

from flask import Flask
from flask_openapi_swagger.templates import swagger_html_string

# flask-openapi renders a string, not a file.
START_PAGE = '{% extends "faafo/documentation.html" %}'
# Without a viewport a phone lays the page out 980 px wide. Words as long as paths may be broken.
FITTED_HEAD = """<head>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="{{ url_for('web.static', filename='documentation.css') }}">"""


def register(app: Flask) -> None:
    """Replace the start page of flask-openapi, and add to the head of its Swagger UI."""
    app.config["OPENAPI_HTML_STRING"] = START_PAGE
    app.config["SWAGGER_HTML_STRING"] = swagger_html_string.replace("<head>", FITTED_HEAD, 1)
