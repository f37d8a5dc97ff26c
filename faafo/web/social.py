# SPDX-License-Identifier: Apache-2.0
"""The picture that a link to the explorer shows elsewhere: a tile around the centre of the view."""

from dataclasses import dataclass

from flask import request

from faafo.core.collaborators import collaborators
from faafo.fractal.tile import FIRST, SIZE, max_scale, pitch
from faafo.web.explore import View, tile_address

# A tile at the zoom of the view is a part of it; one at the zoom above has four times its area.
LEVELS = (1, 2, 3)
# A tile whose centre is not farther from that of the view, in parts of its side, is near enough.
NEAR = 0.25


@dataclass(frozen=True)
class Picture:
    """A picture at an address that works everywhere; ``side`` is its width and height."""

    address: str
    side: int


def picture_of(view: View) -> Picture:
    """Return the tile that shows most of ``view``, in as many pixels as a tile may have."""
    zooms = [max(0, view.zoom - levels) for levels in LEVELS]
    zoom = next((one for one in zooms if _is_near(view, one)), zooms[0])
    limit = collaborators().tiles.max_iterations
    scales = range(1, max_scale(zoom) + 1)
    scale = max((one for one in scales if view.iterations <= limit // one**2), default=1)
    x, y = _number(view.re, zoom), _number(view.im, zoom)
    address = tile_address(view, zoom, x, y, scale)
    return Picture(f"{request.host_url.rstrip('/')}{address}", SIZE * scale)


def _is_near(view: View, zoom: int) -> bool:
    """Tell whether the tile at the centre of ``view`` has its own centre near that."""
    parts = (_part(place, zoom) % 1 for place in (view.re, view.im))
    return all(abs(part - 0.5) <= NEAR for part in parts)


def _part(place: float, zoom: int) -> float:
    """Return how many sides of a tile ``place`` is from the first one."""
    return (place - FIRST) / (SIZE * pitch(zoom))


def _number(place: float, zoom: int) -> int:
    return min(2**zoom - 1, int(_part(place, zoom)))
