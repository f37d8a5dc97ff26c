# SPDX-License-Identifier: Apache-2.0
"""Spans of requests: of those that post fractals, and of those that a traced one has caused."""

from typing import Any

from flask import Request

from faafo.core.preflight import PREFLIGHT
from faafo.correlation import TRACEPARENT, UNKNOWN, matching
from faafo.tracing import spans

# A trace begins with one of them: all else is repeated without end, or changes nothing.
POSTS = ("create.post_form", "fractal.post_fractal", "fractal.post_fractals")
# In the WSGI environment.
SPAN = "faafo.span"
SENT = "HTTP_TRACEPARENT"


def begin(request: Request) -> str | None:
    """Begin the span of a request; return its ``traceparent``, None if it is not traced."""
    environ = request.environ
    if PREFLIGHT in environ:
        # The upload itself has a span.
        return None
    parent = matching(TRACEPARENT, environ.get(SENT))
    if parent is None and not (request.endpoint in POSTS and request.method == "POST"):
        return None
    name = f"{request.method} {request.url_rule or 'nowhere'}"
    correlation = UNKNOWN._replace(traceparent=parent)
    span = environ[SPAN] = spans.begin(name, correlation, spans.Kind.SERVER)
    return None if span is None else span.traceparent


def end(environ: dict[str, Any], status: int) -> None:
    """End the span of a request, if it has one."""
    span = environ.pop(SPAN, None)
    if span is None:
        return
    attributes = {
        "http.request.method": environ["REQUEST_METHOD"],
        "http.response.status_code": status,
    }
    # What the sender has done wrong is no failure of this server.
    span.end(f"status {status}" if status >= 500 else None, attributes=attributes)
