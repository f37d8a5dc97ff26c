# SPDX-License-Identifier: Apache-2.0
"""The card that a link to the explorer shows elsewhere: which tiles it takes, and its address."""

from dataclasses import dataclass

from flask import url_for

from faafo.core.collaborators import collaborators
from faafo.fractal.drawing import without_defaults
from faafo.fractal.tile import FIRST, SIZE, TileStyle, TileView, pitch
from faafo.web.explorer_view import MANDELBROT, View
from faafo.web.scaling import SHAPES, Form

WIDTH, HEIGHT = SHAPES[Form.CARD].width, SHAPES[Form.CARD].height
# Up to this zoom the plane has no more pixels than a card has in a row: it is shown from edge to
# edge, reduced from SHARP_SCALE times the pixels of SHARP_ZOOM.
WHOLE_ZOOM = 2
SHARP_ZOOM, SHARP_SCALE = 1, 3
STYLE = set(TileStyle.model_fields)


@dataclass(frozen=True)
class Grid:
    """The tiles below a card, and the card as a box in their pixels.

    :param left: of the box, in pixels from the left edge of the plane; ``top`` from its upper edge.
    :param width: of the box, in pixels; ``height`` likewise.
    """

    zoom: int
    scale: int
    left: int
    top: int
    width: int
    height: int

    @property
    def side(self) -> int:
        """The width and height of a tile, in pixels."""
        return SIZE * self.scale

    @property
    def columns(self) -> range:
        """The numbers of the columns with a part in the box."""
        return range(self.left // self.side, (self.left + self.width - 1) // self.side + 1)

    @property
    def rows(self) -> range:
        """The numbers of the rows with a part in the box."""
        return range(self.top // self.side, (self.top + self.height - 1) // self.side + 1)

    def cost(self) -> tuple[int, int]:
        """Return the number of pixels that are rendered, and that of tiles."""
        tiles = len(self.columns) * len(self.rows)
        return tiles * self.side**2, tiles

    def tile(self, style: TileStyle, x: int, y: int) -> TileView:
        """Return the tile in that column and row."""
        drawing = style.model_dump(include=STYLE)
        return TileView(z=self.zoom, x=x, y=y, scale=self.scale, **drawing)


def card_view(view: View) -> View:
    """Return what the card of ``view`` shows: the same for all views with the same card.

    That of the Mandelbrot set shows the whole Julia set of its c, which workers can render.
    """
    if view.plane == MANDELBROT:
        place = {"zoom": WHOLE_ZOOM, "re": 0.0, "im": 0.0}
    elif view.zoom <= WHOLE_ZOOM:
        place = {"zoom": WHOLE_ZOOM, "re": 0.0, "im": view.im}
    else:
        place = {"zoom": view.zoom, "re": view.re, "im": view.im}
    return View(**view.model_dump(include=STYLE), **place)


def card_address(view: View) -> str:
    """Return the full URL of the card of ``view``, in canonical form."""
    shown = card_view(view)
    parameters = without_defaults(shown.model_dump(include=STYLE))
    parameters |= {"zoom": shown.zoom, "re": shown.re, "im": shown.im}
    return url_for("card.get_card", **parameters, _external=True)


def grid_of(view: View) -> Grid:
    """Return the cheapest tiles that show what ``card_view`` returns in all pixels of a card.

    With more iterations than those may have they are tiles of scale 1, which may have most.
    """
    limit = collaborators().tiles.max_iterations
    plain = _grid(view, view.zoom, 1)
    if view.zoom > WHOLE_ZOOM:
        # Both have the same pixels.
        sharp = [plain, _grid(view, view.zoom - 1, 2)]
    else:
        sharp = [_grid(view, SHARP_ZOOM, SHARP_SCALE)]
    allowed = [one for one in sharp if view.iterations <= limit // (one.scale * view.samples) ** 2]
    return min(allowed, key=Grid.cost, default=plain)


def _grid(view: View, zoom: int, scale: int) -> Grid:
    plane = SIZE * scale * 2**zoom
    width = WIDTH if view.zoom > WHOLE_ZOOM else plane
    height = round(width * HEIGHT / WIDTH)
    step = pitch(zoom) / scale
    left, top = (
        min(plane - length, max(0, round((place - FIRST) / step) - length // 2))
        for place, length in ((view.re, width), (view.im, height))
    )
    return Grid(zoom, scale, left, top, width, height)
