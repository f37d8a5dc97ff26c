# SPDX-License-Identifier: Apache-2.0
"""Begin and end of each request: its context with an id, its line in the access log."""

import logging
import re
import string
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request
from oslo_context.context import generate_request_id
from waitress.task import ErrorTask

from faafo.core.context import CONTEXT, RequestContext
from faafo.core.preflight import PREFLIGHT

ACCESS_LOG = logging.getLogger("faafo.api.access")
# In characters: a client must not fill the disk.
LONGEST_LOGGED_PATH = 2000
# All other characters are percent-encoded: a path must not break the line or its quotes.
UNQUOTED = string.punctuation.replace('"', "")

# In the WSGI environment.
STARTED_AT = "faafo.started_at"
HEADER = "X-Openstack-Request-Id"
SENT_HEADER = "HTTP_X_OPENSTACK_REQUEST_ID"
# A service that sends requests on behalf of another one tells the id of that, as oslo.middleware
# takes it.
GLOBAL_ID = re.compile(r"req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


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
            return
        environ[STARTED_AT] = time.perf_counter()
        sent = environ.get(SENT_HEADER)
        known = sent if sent and GLOBAL_ID.fullmatch(sent) else None
        environ[CONTEXT] = RequestContext(roles=roles, global_request_id=known)

    app.before_request(begin)
    app.after_request(_end)


def _end(response: Response) -> Response:
    environ = request.environ
    response.headers.add(HEADER, environ[CONTEXT].request_id)
    if not environ.get(PREFLIGHT):
        _write_line(environ, response)
    return response


def _write_line(environ: dict[str, Any], response: Response) -> None:
    # The view of a request that clients repeat all the time, to no effect, sets is_routine.
    ACCESS_LOG.log(
        logging.DEBUG if g.get("is_routine") else logging.INFO,
        '%s "%s %s %s" status: %d len: %s time: %.4f',
        environ.get("REMOTE_ADDR"),
        environ["REQUEST_METHOD"],
        quote(_path_with_query(environ), safe=UNQUOTED),
        environ.get("SERVER_PROTOCOL"),
        response.status_code,
        response.content_length or 0,
        time.perf_counter() - environ[STARTED_AT],
    )


def _path_with_query(environ: dict[str, Any]) -> str:
    # Flask's full_path decodes the query; the log line has it encoded.
    path, query = request.path, environ.get("QUERY_STRING", "")
    path = f"{path}?{query}" if query else path
    return path if len(path) <= LONGEST_LOGGED_PATH else f"{path[:LONGEST_LOGGED_PATH]}..."


class Refusal(ErrorTask):
    """An answer that the HTTP server gives without the application."""

    def execute(self) -> None:
        self.response_headers.append((HEADER, generate_request_id()))
        super().execute()
