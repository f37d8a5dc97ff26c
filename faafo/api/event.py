# SPDX-License-Identifier: Apache-2.0
"""The resource ``event`` of the REST API: a stream of what happens to fractals."""

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request
from flask_openapi import APIBlueprint, Tag
from flask_openapi.types import ResponseDict
from pydantic import BaseModel, ConfigDict, Field

from faafo import errors
from faafo.api.schemas import ERRORS
from faafo.core import access
from faafo.core.access import Range
from faafo.core.collaborators import collaborators
from faafo.core.event_body import EventBody
from faafo.core.event_source import EventSource
from faafo.core.event_tail import Row
from faafo.core.event_text import MIMETYPE
from faafo.core.reading import CHANNEL
from faafo.core.stream import Stream
from faafo.fractal.events import TYPES
from faafo.fractal.numbers import INTEGER
from faafo.fractal.task import Uuid

# The greatest id that the database can have.
LARGEST_ID = 2**63 - 1
MOST_DIGITS = 30
HEADER = "Last-Event-ID"
HEADERS = {
    # For nginx, which would keep events back.
    "X-Accel-Buffering": "no",
    "Cache-Control": "no-store",
}
ANSWERS: ResponseDict = {
    200: {
        "content": {MIMETYPE: {"schema": {"type": "string"}}},
        "description": "server-sent events; without end",
    },
    501: {"description": "the API runs behind another HTTP server than its own"},
}

blueprint = APIBlueprint(
    "event",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="event", description="What happens to fractals, as it happens")],
    abp_responses=ERRORS,
)


class Wanted(BaseModel):
    """Which events a client wants."""

    model_config = ConfigDict(extra="forbid")

    scope: Range = Field(
        Range.PROJECT,
        description="Of whose fractals: those of the caller's project, those that any project "
        "shares, or those of all projects, which administrators may see. Without a login the "
        "first is all.",
    )
    fractal: Uuid | None = Field(
        None, description="Only of the fractal of this uuid, which another project may share."
    )
    types: str | None = Field(
        None,
        description=f"Only of these types, separated by commas: {', '.join(TYPES)}.",
    )
    last_event_id: str | None = Field(
        None,
        description=f"Begin after the event of this id; the header {HEADER} is the same and goes "
        "first. When that event is not kept, the stream begins with an event reset.",
    )


@blueprint.get("/event", operation_id="follow_events", responses=ANSWERS)
def get_events(query: Wanted) -> Any:
    """Follow what happens to fractals, as server-sent events."""
    wants, last_id = _wants(query), _last_id(query)
    channel = request.environ.get(CHANNEL)
    if channel is None:
        raise errors.NoStreams("there are no event streams behind this HTTP server; poll instead")
    if request.method == "HEAD":
        return Response(mimetype=MIMETYPE, headers=HEADERS)
    streams = collaborators().streams
    stream = Stream(wants, channel.wake)
    if not streams.add(stream):
        raise errors.Overloaded("too many requests wait or follow events; try again later")
    channel.give_up_when_lost()
    app: Any = current_app
    source = EventSource(app._get_current_object())
    body = EventBody(stream, streams, source, last_id)
    # Werkzeug would wrap it in a generator, which ends with the first exception.
    return Response(body, mimetype=MIMETYPE, headers=HEADERS, direct_passthrough=True)


def _wants(query: Wanted) -> Callable[[Row], bool]:
    scope = access.scope_of(query.scope)
    types = _types(query.types)

    def wants(event: Row) -> bool:
        if event.type not in types or query.fractal not in (None, event.fractal_uuid):
            return False
        # Whoever names a fractal may follow what others share, too.
        return scope.includes(event) or (query.fractal is not None and event.shared)

    return wants


def _types(text: str | None) -> frozenset[str]:
    if text is None:
        return frozenset(TYPES)
    types = [one.strip() for one in text.split(",")]
    unknown = [one for one in types if one not in TYPES]
    if unknown:
        named = ", ".join(f"{one!r:.60}" for one in unknown[:10])
        raise errors.InvalidQuery(f"types: {named}: unknown; known are {', '.join(TYPES)}")
    return frozenset(types)


def _last_id(query: Wanted) -> int | None:
    name, text = HEADER, request.headers.get(HEADER)
    if text is None:
        name, text = "last_event_id", query.last_event_id
    if not text:
        return None
    # int() refuses thousands of digits; MOST_DIGITS of them are a number beyond LARGEST_ID.
    digits = text.lstrip("0")[:MOST_DIGITS] or "0"
    if not INTEGER.fullmatch(text) or not 0 <= int(digits) <= LARGEST_ID:
        raise errors.InvalidQuery(
            f"{name}: must be the id of an event, 0 to {LARGEST_ID}, not {text!r:.60}"
        )
    return int(digits)
