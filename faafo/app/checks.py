# SPDX-License-Identifier: Apache-2.0
"""Checks of each request to the API before its view: origin, encoding, parameters, JSON body."""

import inspect
from typing import Any

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import BadRequest

from faafo import errors
from faafo.api.resources import RESOURCES
from faafo.app.bodies import NO_ROOM
from faafo.core.collaborators import collaborators
from faafo.core.csrf import reject_cross_site
from faafo.core.preference import waited_for

# Those whose requests are checked; the version document takes any.
API = {one.name for one in RESOURCES} - {"version"}
WITH_JSON = API - {"backlog", "event", "health", "job", "tile"}
SAFE = {"GET", "HEAD", "OPTIONS"}
WITH_BODY = {"POST", "PUT", "PATCH"}
WITHOUT_JSON = {
    *("collection.put_fractal", "fractal.post_retry", "fractal.put_image", "webhook.post_ping"),
}
WITH_LIST = {"fractal.post_fractals"}
# A GET that writes, has a worker render, or occupies a thread or a place: no page of another site
# may make a browser send any number of them, with the credentials that the browser has.
COSTLY = {
    "card.get_card",
    "claim.get_claim",
    "delivery.get_claim",
    "event.get_events",
    "health.get_store_health",
    "lock.get_lock",
    "setting.get_settings",
    "tile.get_tile",
    "viewer.get_tile",
}
# What every file of gzip begins with (RFC 1952, 2.3.1).
GZIP = b"\x1f\x8b"
# Of the object in a body; our largest one has 20.
MAX_MEMBERS = 100
UNENCODED = {"", "identity"}


def register(app: Flask) -> None:
    """Make ``app`` check its requests."""
    app.before_request(_check)


def _check() -> None:
    # One function: Flask takes a few microseconds to call another.
    if request.method in SAFE:
        if request.endpoint in COSTLY:
            reject_cross_site()
        _refuse_unknown_parameters()
        return
    _refuse_without_room()
    _refuse_cross_site()
    _refuse_while_read_only()
    _refuse_encoded_body()
    _refuse_unknown_parameters()
    _require_json()


def _refuse_without_room() -> None:
    if request.environ.get(NO_ROOM):
        raise errors.Overloaded(
            "the body: too many images are being uploaded at the same time; try again later"
        )


def _refuse_cross_site() -> None:
    """Abort with 403 when a page of another site made a browser change something.

    A retry has no body: a form of another page can send it, without a preflight request (CORS).
    """
    if request.blueprint in API:
        reject_cross_site()


def _refuse_while_read_only() -> None:
    # One that is repeated after a wait has made its change.
    if waited_for() is None:
        collaborators().upkeep.refuse_change(request.blueprint, request.endpoint)


def _refuse_encoded_body() -> None:
    encoding = request.headers.get("Content-Encoding", "")
    if request.method in WITH_BODY and encoding.strip().lower() not in UNENCODED:
        abort(
            415,
            description=f"the body: Content-Encoding must be identity, not {encoding!r:.60}; send "
            "it uncompressed",
        )


def _refuse_unknown_parameters() -> None:
    """Reject a parameter in the URL that would be ignored: a typing error, or a guess."""
    if not request.args or request.blueprint not in API:
        return
    known = _parameters(request.endpoint or "")
    for name, values in request.args.lists():
        if name not in known:
            raise errors.InvalidQuery(f"{name!r:.60}: is no parameter here; {_described(known)}")
        if len(values) > 1:
            raise errors.InvalidQuery(f"{name}: is given {len(values)} times; give it once")


def _parameters(endpoint: str) -> list[str]:
    view = inspect.unwrap(current_app.view_functions[endpoint])
    query = inspect.signature(view).parameters.get("query")
    fields = query.annotation.model_fields if query else {}
    return [field.alias or name for name, field in fields.items()]


def _described(known: list[str]) -> str:
    if not known:
        return "there are none"
    hint = "; q filters by the fields of a record" if "q" in known else ""
    return f"known are {', '.join(known)}{hint}"


def _require_json() -> None:
    """Reject a body that is not a JSON object, or a list, before it is validated: 400, 413, 415."""
    ours = request.blueprint in WITH_JSON
    if not ours or request.method not in WITH_BODY or request.endpoint in WITHOUT_JSON:
        return
    try:
        body: Any = request.get_json()
    except RecursionError:
        abort(400, description="the body: is nested too deeply")
    except BadRequest:
        if request.get_data().startswith(GZIP):
            abort(415, description="the body: is compressed with gzip; send it uncompressed")
        abort(400, description="the body: is not JSON")
    expected, name = (list, "list") if request.endpoint in WITH_LIST else (dict, "object")
    if not isinstance(body, expected):
        abort(400, description=f"the body: must be a JSON {name}, not {type(body).__name__}")
    if isinstance(body, dict) and len(body) > MAX_MEMBERS:
        abort(400, description=f"the body: has at most {MAX_MEMBERS} members here, not {len(body)}")
