# SPDX-License-Identifier: Apache-2.0
"""Begin and end of each request: its context with an id, its line in the access log."""

import logging
import string
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request
from oslo_context.context import generate_request_id
from waitress.task import ErrorTask

from faafo.app import request_spans
from faafo.core.context import CONTEXT, RequestContext
from faafo.core.preflight import PREFLIGHT
from faafo.correlation import REQUEST_ID, matching
from faafo.fractal.service import Tally
from faafo.metrics import catalogue as metrics
from faafo.tracing import spans

ACCESS_LOG = logging.getLogger("faafo.api.access")
# In characters: a client must not fill the disk.
LONGEST_LOGGED_PATH = 2000
# All other characters are percent-encoded: a path must not break the line or its quotes.
UNQUOTED = string.punctuation.replace('"', "")

# What metrics call a path or a method that there is not.
UNMATCHED = "unmatched"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

# In the extensions of the application: the tally of requests that are more than routine.
ANSWERED = "faafo.answered"
# In the WSGI environment.
STARTED_AT = "faafo.started_at"
HAS_WAITED = "faafo.has_waited"
HEADER = "X-Openstack-Request-Id"
SENT_HEADER = "HTTP_X_OPENSTACK_REQUEST_ID"


def register(app: Flask, roles: Sequence[str] = ()) -> None:
    """Make ``app`` give each request a context, and log it; before anything else is registered.

    Each function that Flask calls for a request takes a few microseconds: these two do it all.

    :param roles: of everybody, until a request is authenticated.
    """

    def begin() -> None:
        environ = request.environ
        if CONTEXT in environ:
            # It is repeated after a wait: this thread has logged for another request since.
            environ[CONTEXT].update_store()
            environ[HAS_WAITED] = True
            return
        environ[STARTED_AT] = time.perf_counter()
        uuid = (request.view_args or {}).get("uuid")
        environ[CONTEXT] = RequestContext(
            roles=roles,
            global_request_id=global_id(environ),
            uuid=None if uuid is None else str(uuid),
            traceparent=request_spans.begin(request) if spans.is_on() else None,
        )

    app.before_request(begin)
    answered = app.extensions[ANSWERED] = Tally()

    def end(response: Response) -> Response:
        if not g.get("is_routine"):
            answered.add()
        return _end(response)

    app.after_request(end)


def global_id(environ: dict[str, Any]) -> str | None:
    """Return the id that the sender of a request gives the whole of which it is a part."""
    # A service that sends requests on behalf of another one tells the id of that, as
    # oslo.middleware takes it.
    return matching(REQUEST_ID, environ.get(SENT_HEADER))


def _end(response: Response) -> Response:
    environ = request.environ
    response.headers.add(HEADER, environ[CONTEXT].request_id)
    if spans.is_on():
        request_spans.end(environ, response.status_code)
    if not environ.get(PREFLIGHT):
        _write_line(environ, response)
        route = request.url_rule.rule if request.url_rule else UNMATCHED
        measure(environ, route, response.status_code)
    return response


def _write_line(environ: dict[str, Any], response: Response) -> None:
    # Flask's full_path decodes the query; the log line has it encoded.
    path, query = request.path, environ.get("QUERY_STRING", "")
    # The view of a request that clients repeat all the time, to no effect, sets is_routine.
    level = logging.DEBUG if g.get("is_routine") else logging.INFO
    size = response.content_length or 0
    write(environ, f"{path}?{query}" if query else path, response.status_code, size, level)


def write(
    environ: dict[str, Any], path: str, status: int, size: int, level: int = logging.INFO
) -> None:
    """Write the line of a request, which began at ``environ[STARTED_AT]``."""
    if len(path) > LONGEST_LOGGED_PATH:
        path = f"{path[:LONGEST_LOGGED_PATH]}..."
    ACCESS_LOG.log(
        level,
        '%s "%s %s %s" status: %d len: %s time: %.4f',
        environ.get("REMOTE_ADDR"),
        environ["REQUEST_METHOD"],
        quote(path, safe=UNQUOTED),
        environ.get("SERVER_PROTOCOL"),
        status,
        size,
        time.perf_counter() - environ[STARTED_AT],
    )


def measure(environ: dict[str, Any], route: str, status: int) -> None:
    """Record the duration of a request, unless it has waited because its sender wanted that.

    :param route: the pattern that its path matches.
    """
    if HAS_WAITED in environ:
        return
    # Anybody may send any method.
    method = environ["REQUEST_METHOD"]
    seconds = time.perf_counter() - environ[STARTED_AT]
    known = method if method in METHODS else UNMATCHED
    metrics.HTTP_SECONDS.observe(seconds, route, known, f"{status // 100}xx")


class Refusal(ErrorTask):
    """An answer that the HTTP server gives without the application."""

    def execute(self) -> None:
        self.response_headers.append((HEADER, generate_request_id()))
        super().execute()
