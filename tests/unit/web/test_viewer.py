# SPDX-License-Identifier: Apache-2.0
"""The viewer of large pictures as the server makes it."""

import pytest

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.fractal.tile import Tile
from faafo.web.scaling import LARGE_PIXELS

SIDE = 2**12
TILE = b"a tile"


@pytest.fixture
def rendered(app, monkeypatch) -> list:
    """The tiles that workers have been asked for."""
    tiles = []
    with app.app_context():
        gateway = collaborators().tiles

    def render(tile):
        tiles.append(tile)
        return Tile(TILE, "worker-1", 0.1)

    monkeypatch.setattr(gateway, "render", render)
    return tiles


@pytest.fixture
def large(complete) -> str:
    """The uuid of a complete fractal that is shown by tiles."""
    return complete(png=b"a file", width=SIDE + 1, height=SIDE, iterations=500, samples=2)


def test_a_large_picture_has_a_viewer_that_never_loads_its_file(visitor, large):
    page = visitor.get(f"/fractal/{large}").text
    assert f'data-width="{SIDE + 1}" data-height="{SIDE}"' in page
    assert f'data-zoom="5" data-tile="/fractal/{large}/tile" data-checksum="' in page
    assert f'<img src="/fractal/{large}/thumbnail?form=preview' in page
    assert "data-full" not in page
    assert f'href="/fractal/{large}/download"' in page
    assert "<noscript><p" in page


def test_a_picture_that_a_browser_shows_has_none(visitor, complete):
    assert SIDE * SIDE == LARGE_PIXELS
    uuid = complete(png=b"a file", width=SIDE, height=SIDE)
    page = visitor.get(f"/fractal/{uuid}").text
    assert 'id="viewer"' not in page
    assert "leaflet" not in page


@pytest.mark.parametrize("state", ["queued", "rendering", "failed"])
def test_a_large_picture_that_is_not_complete_has_none(request, visitor, state):
    uuid = request.getfixturevalue(state)(width=SIDE + 1, height=SIDE)
    assert 'id="viewer"' not in visitor.get(f"/fractal/{uuid}").text


def test_a_tile_has_the_parameters_of_its_picture(visitor, large, rendered):
    checksum = visitor.get(f"/api/fractal/{large}").json["checksum"]
    answer = visitor.get(f"/fractal/{large}/tile/5/16/15.png?checksum={checksum}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", TILE)
    assert answer.cache_control.immutable
    (tile,) = rendered
    assert (tile.z, tile.x, tile.y, tile.samples, tile.iterations) == (5, 16, 15, 2, 500)
    assert (tile.task().width, tile.task().height) == (1, 256)
    again = visitor.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert not again.cache_control.immutable
    assert len(rendered) == 1


@pytest.mark.parametrize(
    ("drawing", "expected", "remarks"),
    [
        ({"iterations": 2000, "samples": 2}, (2, 2000), 0),
        ({"iterations": 2000, "samples": 4}, (2, 2000), 1),
        ({"iterations": 20_000, "samples": 3}, (1, 10_000), 2),
    ],
)
def test_tiles_that_would_take_too_long_have_less_and_the_page_says_so(
    app, visitor, complete, rendered, drawing, expected, remarks
):
    with app.app_context():
        assert collaborators().tiles.max_iterations == 10_000
    uuid = complete(png=b"a file", width=SIDE + 1, height=SIDE, **drawing)
    page = visitor.get(f"/fractal/{uuid}").text
    assert page.count("as many as a tile may have") == remarks
    visitor.get(f"/fractal/{uuid}/tile/0/0/0.png")
    (tile,) = rendered
    assert (tile.samples, tile.iterations) == expected


def test_a_pixel_that_stands_for_several_has_more_samples(visitor, complete, rendered):
    uuid = complete(png=b"a file", width=SIDE + 1, height=SIDE, iterations=100, samples=1)
    for zoom in (5, 4, 0):
        assert visitor.get(f"/fractal/{uuid}/tile/{zoom}/0/0.png").status_code == 200
    assert [tile.samples for tile in rendered] == [1, 3, 3]


@pytest.mark.parametrize(
    ("place", "status"), [("6/0/0", 400), ("1/2/0", 400), ("-1/0/0", 404), ("9999999999/0/0", 400)]
)
def test_a_tile_that_there_is_not_is_refused(visitor, large, rendered, place, status):
    answer = visitor.get(f"/fractal/{large}/tile/{place}.png")
    assert answer.status_code == status
    if status == 400:
        assert "must be an integer from 0 to" in answer.text
    assert rendered == []


def test_without_workers_a_tile_is_unavailable(app, visitor, large, monkeypatch):
    with app.app_context():
        gateway = collaborators().tiles

    def refuse(_tile):
        raise errors.TileUnavailable("no worker answers")

    monkeypatch.setattr(gateway, "render", refuse)
    assert visitor.get(f"/fractal/{large}/tile/0/0/0.png").status_code == 503


def test_no_page_of_another_site_has_tiles_rendered(visitor, large, rendered):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}
    answer = visitor.get(f"/fractal/{large}/tile/0/0/0.png", headers=headers)
    assert answer.status_code == 403
    assert rendered == []
