# SPDX-License-Identifier: Apache-2.0
"""The resource ``tile``: square pictures that are rendered on request."""

import re

from flask import Response, request
from flask_openapi import APIBlueprint, Tag
from pydantic import ConfigDict, Field

from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.fractal.tile import Output, OutputName, Scale, Tile, TilePlace, TileStyle, parse_view

YEAR_SECONDS = 365 * 24 * 3600
BINARY = {"type": "string", "format": "binary"}
TYPES = {Output.PNG.value: "image/png", Output.VALUES.value: "application/octet-stream"}
# Characters that a quoted string in a header cannot contain unescaped.
UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")

blueprint = APIBlueprint(
    "tile",
    __name__,
    abp_tags=[Tag(name="tile", description="Square pictures, rendered on request")],
    abp_responses=ERRORS,
)


class TilePath(TilePlace):
    """Which tile to return."""

    model_config = ConfigDict(json_schema_extra=examples.parameters(examples.TILE))


class TileQuery(TileStyle):
    """Which Julia set the tile shows, in which colours, and with how many pixels."""

    scale: Scale = Field(1, description="the tile has 256 times so many pixels in each direction")
    output: OutputName = Field(
        Output.PNG.value,
        description="png: a picture; values: the number of steps of each pixel as a float32, "
        "little-endian, row by row, fractional with smooth colouring, -1 for points that never "
        "escape; then samples must be 1",
    )

    model_config = ConfigDict(json_schema_extra=examples.parameters(examples.TILE_STYLE))


@blueprint.get(
    "/tile/<z>/<x>/<y>.png",
    operation_id="show_tile",
    responses={200: {"content": {kind: {"schema": BINARY} for kind in TYPES.values()}}},
)
def get_tile(path: TilePath, query: TileQuery) -> Response:
    """Return a tile, rendered by a worker unless the client's copy is current (If-None-Match)."""
    view = parse_view(path.model_dump() | query.model_dump())
    fingerprint = view.fingerprint()
    if request.if_none_match.contains(fingerprint):
        response = Response(status=304)
    else:
        response = _answer(collaborators().tiles.render(view), view.output)
    response.set_etag(fingerprint)
    # The URL has all parameters, so its picture never changes.
    response.cache_control.public = True
    response.cache_control.max_age = YEAR_SECONDS
    response.cache_control.immutable = True
    return response


def _answer(tile: Tile, output: str) -> Response:
    response = Response(tile.body, mimetype=TYPES[output])
    if output == Output.VALUES:
        # The format of zlib (RFC 1950), as HTTP calls it.
        response.content_encoding = "deflate"
    worker = UNQUOTABLE.sub("?", tile.worker)
    milliseconds = 1000 * tile.duration
    response.headers["Server-Timing"] = f'render;dur={milliseconds:.1f};desc="{worker}"'
    return response
