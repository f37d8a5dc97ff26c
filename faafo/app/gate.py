# SPDX-License-Identifier: Apache-2.0
"""Asks of each request who sends it, and whether a rule of the policy allows it."""

from collections.abc import Callable, Collection
from typing import Any

from flask import Flask, Response, request

from faafo import errors
from faafo.auth.identity import SENDER, Authenticator, Identity, Sender
from faafo.core.collaborators import collaborators
from faafo.core.context import CONTEXT, RequestContext, request_context
from faafo.core.login import KEY, Login, sent_token
from faafo.core.versions import wants_versions
from faafo.policies.endpoints import PUBLIC, RULES, VISITED

# The gallery, unless a client asks for the versions of the API.
ROOT = "web.get_gallery"
AUTHENTICATOR = "faafo.authenticator"


def register(app: Flask, authenticator: Authenticator, public_gallery: bool) -> None:
    """Have ``app`` let in only those whom ``authenticator`` knows and the policy allows.

    :param public_gallery: whether visitors without credentials see what is shared.
    """
    app.extensions[AUTHENTICATOR] = authenticator
    app.extensions[KEY] = Login(authenticator)
    visited = VISITED if public_gallery else frozenset()
    app.before_request(_gate(authenticator, visited))
    app.after_request(_private(authenticator))


def authenticator_of(app: Flask) -> Authenticator | None:
    """Return what identifies the senders of requests to ``app``; None if it asks nobody."""
    return app.extensions.get(AUTHENTICATOR)


def _gate(authenticator: Authenticator, visited: Collection[str]) -> Callable[[], None]:
    def check() -> None:
        endpoint = request.endpoint
        # An address without an endpoint is answered with 404 or 405.
        if endpoint is None or _is_public(endpoint):
            return
        if endpoint in visited and not _has_credentials():
            # The context of the request has neither roles nor a project.
            return
        who = _sender(authenticator)
        context = RequestContext(
            request_id=request_context().request_id,
            global_request_id=request_context().global_request_id,
            uuid=request_context().uuid,
            traceparent=request_context().traceparent,
            user_id=who.user_id,
            user_name=who.user_name,
            project_id=who.project_id,
            roles=who.roles,
        )
        request.environ[CONTEXT] = context
        if who.project_id is None:
            raise errors.Forbidden("the credentials are for no project; ask for those of a project")
        _authorize(endpoint, context)

    return check


def _sender(authenticator: Authenticator) -> Identity:
    """Return who sends the request; other HTTP servers than ours do not ask before."""
    known: Sender | None = request.environ.get(SENDER)
    if isinstance(known, errors.FaafoError):
        raise known
    return known or authenticator.identify(request)


def _authorize(endpoint: str, context: RequestContext) -> None:
    rule = RULES.get(endpoint)
    if rule is None or not collaborators().policy.allows(rule, context):
        raise errors.Forbidden(f"the policy does not allow you {rule or endpoint}")


def _has_credentials() -> bool:
    return "Authorization" in request.headers or bool(sent_token(request))


def _is_public(endpoint: str) -> bool:
    return endpoint in PUBLIC or (endpoint == ROOT and wants_versions())


def _private(authenticator: Authenticator) -> Callable[[Response], Response]:
    """Keep caches that users share from answering one with what another may see."""

    def change(response: Response) -> Response:
        if request.endpoint is not None and not _is_public(request.endpoint):
            cache: Any = response.cache_control
            cache.public = None
            cache.private = True
            response.vary.update(authenticator.credentials)
        return response

    return change
