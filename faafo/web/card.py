# SPDX-License-Identifier: Apache-2.0
"""The route of the card of a view: what a link to the explorer shows elsewhere, made of tiles."""

import io
import time
from collections.abc import Callable

from flask import Blueprint, Response, request
from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.fractal.tile import Tile, TileStyle, TileView
from faafo.web.explore import requested_view
from faafo.web.scaling import BROKEN, SHAPES, Form
from faafo.web.social import HEIGHT, WIDTH, Grid, card_view, grid_of

blueprint = Blueprint("card", __name__)

YEAR_SECONDS = 365 * 24 * 3600
MOST_BYTES = 300_000
# Of the JPEG file: the best one that gives at most MOST_BYTES is taken, or the last one.
QUALITIES = (85, 70, 50, 30, 15)
# After these seconds a card asks for no more tiles, since it holds a place of thumbnails: those are
# refused when no place becomes free for 5 seconds.
LONGEST_SECONDS = 4.0
# A URL with these shows the same in every release; without them it shows what one sees first.
LASTING = {"cx", "cy", "iterations"}


@blueprint.get("/explore/card.jpg")
def get_card() -> Response:
    """Return 1200 x 630 pixels around the middle of the view in the URL, as JPEG."""
    view = card_view(requested_view())
    grid = grid_of(view)
    first = grid.tile(view, grid.columns[0], grid.rows[0])
    tag = f"{first.fingerprint()}-{grid.left}-{grid.top}-{WIDTH}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(_card(view, grid, tag), mimetype=SHAPES[Form.CARD].mimetype)
    response.set_etag(tag)
    if set(request.args) >= LASTING:
        response.cache_control.public = True
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response


def compose(render: Callable[[TileView], Tile], style: TileStyle, grid: Grid) -> Image.Image:
    """Return the box of ``grid`` with its tiles, in RGB; one tile is asked for at a time.

    :raises faafo.errors.TileUnavailable: when that takes too long, or a tile cannot be read.
    """
    latest = time.monotonic() + LONGEST_SECONDS
    image = Image.new("RGB", (grid.width, grid.height))
    for y in grid.rows:
        for x in grid.columns:
            if time.monotonic() >= latest:
                raise errors.TileUnavailable("the tiles of the card take too long")
            tile = _decoded(render(grid.tile(style, x, y)).body, grid.side)
            image.paste(tile, (x * grid.side - grid.left, y * grid.side - grid.top))
    return image


def _card(view: TileStyle, grid: Grid, tag: str) -> bytes:
    ours = collaborators()

    def make() -> bytes:
        image = compose(ours.tiles.render, view, grid)
        if image.size != (WIDTH, HEIGHT):
            image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        return _encoded(image)

    # Making one takes a place like a thumbnail, and it is kept with them.
    return ours.thumbnails.get(("card", tag), make)


def _decoded(png: bytes, side: int) -> Image.Image:
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as image:
            if image.size == (side, side):
                return image.convert("RGB")
    except BROKEN as error:
        raise errors.TileUnavailable(f"a tile cannot be read: {error}") from None
    raise errors.TileUnavailable(f"a tile is not {side} x {side} pixels large")


def _encoded(image: Image.Image) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()
