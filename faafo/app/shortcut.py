# SPDX-License-Identifier: Apache-2.0
"""Answers polls of jobs that Redis knows before Flask is asked, which would take twice as long.

Everything else is left to the application: a job that is not in Redis or may be out of date, a
sender who is not known yet or may not see it, a request that waits.
"""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask
from werkzeug.http import generate_etag, parse_etags, quote_etag

from faafo.api import job
from faafo.app import request_log
from faafo.auth.identity import SENDER, Authenticator, Identity
from faafo.core.access import ALL_PROJECTS
from faafo.core.collaborators import KEY, Collaborators
from faafo.core.context import CONTEXT, RequestContext
from faafo.core.jobs import is_settled
from faafo.core.policy import ROLES
from faafo.policies.endpoints import RULES
from faafo.web import headers

ENDPOINT = "job.get_job"
PATH = re.compile(r"/(api|v1)/job/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
# As Flask has it, behind the prefix.
ROUTE = "/job/<uuid:uuid>"
EVERYBODY = Identity("", "", None, ROLES)

Headers = Sequence[tuple[str, str]]


class Shortcut:
    """A WSGI application before ``app``.

    :param authenticator: None with noauth, when everybody may see everything.
    """

    def __init__(self, app: Flask, authenticator: Authenticator | None) -> None:
        self._app = app
        self._rest: Callable[..., Any] = app.wsgi_app
        self._is_open = authenticator is None
        self._headers = [
            ("Content-Type", "application/json"),
            *_caching(authenticator),
            *headers.ALWAYS.items(),
        ]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        found = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or not _is_plain(environ):
            return self._rest(environ, start_response)
        begun_at = time.perf_counter()
        body = self._body(environ, *found.groups())
        if body is None:
            return self._rest(environ, start_response)
        status, special, body = _conditional(environ, body)
        environ[request_log.STARTED_AT] = begun_at
        request_log.write(environ, found[0], int(status[:3]), len(body))
        request_log.measure(environ, f"/{found[1]}{ROUTE}", int(status[:3]))
        own = (request_log.HEADER, environ[CONTEXT].request_id)
        start_response(status, [*special, *self._headers, own])
        return [body]

    def _body(self, environ: dict[str, Any], prefix: str, uuid: str) -> bytes | None:
        """Return the job as JSON; None if the application has to answer."""
        who = EVERYBODY if self._is_open else environ.get(SENDER)
        ours: Collaborators = self._app.extensions[KEY]
        if not isinstance(who, Identity) or ours.recent is None:
            return None
        found = ours.recent.get(uuid)
        if found is None or not is_settled(found):
            return None
        context = RequestContext(
            request_id=None,
            user_id=who.user_id or None,
            user_name=who.user_name or None,
            project_id=who.project_id,
            roles=who.roles,
            global_request_id=request_log.global_id(environ),
            uuid=uuid,
        )
        if not (self._is_open or _may_see(ours, context, found.fields.get("project_id"))):
            return None
        environ[CONTEXT] = context
        image = f"{environ.get('SCRIPT_NAME', '')}/{prefix}/fractal/{uuid}/image"
        document = job.document(uuid, found.fields, image)
        # As jsonify writes it: the answer must not depend on who gives it.
        return f"{self._app.json.dumps(document, separators=(',', ':'))}\n".encode()


def install(app: Flask, authenticator: Authenticator | None) -> None:
    """Have ``app`` answer what it can without Flask."""
    app.wsgi_app = Shortcut(app, authenticator)  # type: ignore[method-assign]


def _is_plain(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and "HTTP_PREFER" not in environ
        and "HTTP_IF_MATCH" not in environ
        and CONTEXT not in environ
    )


def _may_see(ours: Collaborators, who: RequestContext, project_id: str | None) -> bool:
    allows = ours.policy.allows
    if who.project_id is None or not allows(RULES[ENDPOINT], who):
        return False
    return project_id == who.project_id or allows(ALL_PROJECTS, who)


def _conditional(environ: dict[str, Any], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    etag = generate_etag(body)
    tag = ("ETag", quote_etag(etag))
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known and parse_etags(known).contains_weak(etag):
        return "304 NOT MODIFIED", [tag], b""
    return "200 OK", [tag, ("Content-Length", str(len(body)))], body


def _caching(authenticator: Authenticator | None) -> Headers:
    if authenticator is None:
        return [("Cache-Control", "no-cache")]
    vary = ", ".join(authenticator.credentials)
    return [("Cache-Control", "no-cache, private"), ("Vary", vary)]
